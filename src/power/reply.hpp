#pragma once

/// \file
/// What commands to madre return. Internal.

#include <vx11/power_state_client.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

Task<Result<MadreReply>> to_reply(Task<Result<HttpResponse>> call);

/// A command that is refused before it is sent.
inline Task<Result<MadreReply>> refuse_command(std::string detail) {
  return fail(Errc::invalid_argument, std::move(detail), "madre");
}

/// The JSON of a command that has not been answered in time.
inline constexpr std::string_view kPendingJson =
    R"({"status":"pending","module":"madre","reason":"timeout",)"
    R"("message":"madre has not answered yet and may still carry the command )"
    R"(out; the next power state shows it"})";

inline MadreReply pending_reply() {
  return MadreReply(504, std::string(kPendingJson));
}

}  // namespace v0
}  // namespace vx11
