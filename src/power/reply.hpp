#pragma once

/// \file
/// What commands to madre return. Internal.

#include <vx11/power_state_client.hpp>

#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

Task<Result<MadreReply>> to_reply(Task<Result<HttpResponse>> call);

/// A command that is refused before it is sent.
inline Task<Result<MadreReply>> refuse_command(std::string detail) {
  return fail(Errc::invalid_argument, std::move(detail), "madre");
}

}  // namespace v0
}  // namespace vx11
