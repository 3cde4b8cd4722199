#pragma once

/// \file
/// `vx11-gateway top [URL]`: what a running gateway does, on a terminal.

namespace gateway {

/// Whether the arguments are those of the command.
bool is_top_command(int argc, const char* const* argv);

/// Shows requests, latencies, targets, breakers and more until `q`, or once.
/// \return the exit code: 0, 1 if the gateway could not be read or there is no terminal, 2 for bad
///         arguments
int run_top_command(int argc, const char* const* argv);

}  // namespace gateway
