#pragma once

/// \file
/// The screen of `vx11-gateway top`, by ncurses.

#include "gateway/top/top_options.hpp"
#include "gateway/top/top_source.hpp"

namespace gateway {

/// Whether the program is built with ncurses.
bool has_top_screen() noexcept;

/// Shows frames until `q` or a signal to stop. A gateway that is lost is asked again.
/// \return the exit code: 1 if there is no terminal
int run_top_screen(const TopOptions& options, TopSource source);

}  // namespace gateway
