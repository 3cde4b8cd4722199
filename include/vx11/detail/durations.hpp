#pragma once

/// \file
/// The durations, time points and clocks of `<chrono>`. Internal.
///
/// In C++20 `<chrono>` is also the calendar, the time zones and the printing of both, with all of
/// `<sstream>` or `<format>` behind them. libstdc++ keeps what is needed here in a header of its
/// own.

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
