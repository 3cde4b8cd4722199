#pragma once

/// \file
/// madre's power state in the words of the operator contract. Internal.

#include <vx11/http_message.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/result.hpp>

#include <string>
#include <vector>

#include "json/writer.hpp"
#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// An array of windows. One without an end has `ttl_seconds` null.
void write_windows(json::Writer& json, const std::vector<PowerWindow>& windows);

/// The JSON of a state without its age, which differs between the callers that share the state.
std::string power_state_json(const PowerState& state);
/// That JSON with the age.
std::string with_age(std::string_view state, Duration age);

/// 503: madre could not be reached.
HttpResponse madre_offline(const Context& context, const Error& why);

/// madre's own answer, including a refusal (4xx), or 503 if there was none.
HttpResponse passed_on(const Context& context, Result<MadreReply> reply);

/// The same for a command: one that madre has only planned has `executed` false; one that it has
/// not answered yet is 504.
HttpResponse command_answer(const Context& context, Result<MadreReply> reply);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
