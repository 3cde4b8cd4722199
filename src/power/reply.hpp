#pragma once

/// \file
/// What commands to madre return. Internal.

#include <vx11/power_state_client.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The answer to a command that madre has not answered in time, with status 504.
inline constexpr std::string_view kPendingJson =
    R"({"status":"pending","module":"madre","reason":"timeout",)"
    R"("message":"madre has not answered yet and may still carry the command )"
    R"(out; the next power state shows it"})";

Task<Result<MadreReply>> to_reply(Task<Result<HttpResponse>> call);

/// A command that is refused before it is sent.
inline Task<Result<MadreReply>> refuse_command(std::string detail) {
  return fail(Errc::invalid_argument, std::move(detail), "madre");
}

}  // namespace v0
}  // namespace vx11
