#pragma once

/// \file
/// `vx11-gateway token new|list|revoke`.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>

#include <string_view>

namespace gateway {

/// Whether the arguments begin with `token`.
bool is_token_command(int argc, const char* const* argv);

/// Does what the arguments say, and prints the outcome.
/// \return the exit code: 0, 1 for what the machine denied, 2 for a mistake in the arguments
int run_token_command(int argc, const char* const* argv);

/// Parses how long a token is valid: as a duration of the settings, or in days, `90d`.
/// \return `invalid_argument` for anything else, and for less than a second or more than 100 years
vx11::Result<vx11::Duration> parse_validity(std::string_view text);

}  // namespace gateway
