#pragma once

/// \file
/// `vx11-gateway healthcheck [URL]`: for containers, which have no other HTTP client.

namespace gateway {

/// Whether the arguments are those of the command.
bool is_healthcheck_command(int argc, const char* const* argv);

/// Sends GET to the URL, `http://127.0.0.1:8000/livez` by default.
/// \return the exit code: 0 if it is answered 2xx within three seconds, 1 if not, 2 for bad
///         arguments
int run_healthcheck_command(int argc, const char* const* argv);

}  // namespace gateway
