#pragma once

/// \file
/// madre's power state in the words of the operator contract. Internal.

#include <vx11/http_message.hpp>
#include <vx11/power_governor.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/result.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "json/writer.hpp"
#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

void write_window(json::Writer& json, const PowerWindow& window);
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

/// The same for a command to open or close a window. `executed` is false if madre only planned it
/// or reports an error, and null if that is not known; one that she has not answered yet is 504.
HttpResponse command_answer(const Context& context, const Call& call, Result<MadreReply> reply);

/// The same for a command to services, which always says whether it was carried out: `executed` is
/// true; false if madre only planned it, or reports an error or a step that failed; null if that is
/// not known. madre's own list of what she did is under `steps`.
HttpResponse service_answer(const Context& context, const Call& call, Result<MadreReply> reply);

/// A window that the policies do not admit: 403 `OFF_BY_POLICY`, or 409 beside another command.
HttpResponse off_by_policy(const PowerRefusal& refused, const Call& call);

/// Whether madre, tentaculo_link and redis run, and nothing else.
bool is_solo_madre(const PowerState& state);
/// madre's answer about the policy, as one that agrees with the state: it decides about
/// `policy_active`; what she said herself is under `madre`.
Result<std::string> solo_madre_json(const std::string& said, const PowerState& state);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
