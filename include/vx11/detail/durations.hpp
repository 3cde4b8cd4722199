#pragma once

/// \file
/// The durations, time points and clocks of `<chrono>`. Internal.
///
/// In C++20 `<chrono>` also contains the calendar, time zones and formatting, with `<sstream>` or
/// `<format>` behind them. libstdc++ has a separate header with the parts needed here.

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
