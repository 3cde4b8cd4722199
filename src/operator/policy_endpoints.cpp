#include <vx11/session.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "operator/answers.hpp"
#include "operator/endpoints.hpp"
#include "operator/power_answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// madre starts a container in four to twelve seconds.
constexpr Duration kAfterCommand = std::chrono::seconds(5);

HttpResponse busy(const PowerRefusal& refused) {
  json::Writer json(256);
  json.open('{').key("error").string(refused.reason).key("status_code").integer(409);
  json.key("message").string(refused.message);
  json.key("recommended_action").string(refused.recommended_action).close('}');
  HttpResponse answer = json_answer(409, std::move(json).take());
  add_retry_after(answer, kAfterCommand);
  return answer;
}

}  // namespace

HttpResponse off_by_policy(const PowerRefusal& refused, const Call& call) {
  call.report_outcome("refused");
  if (refused.is_busy()) return busy(refused);
  json::Writer json(512);
  json.open('{').key("status").string("OFF_BY_POLICY").key("service").string(refused.service);
  json.key("message").string(refused.message).key("reason").string(refused.reason);
  json.key("recommended_action").string(refused.recommended_action);
  json.key("correlation_id").string(call.request_id);
  if (refused.most) json.key("max_ttl_sec").integer(refused.most->count());
  if (refused.available_at) json.key("available_at").string(to_rfc3339(*refused.available_at));
  json.close('}');
  return json_answer(403, std::move(json).take());
}

Task<HttpResponse> show_power_policies(const Context& context, const Call& /*call*/) {
  co_return json_answer(200, context.options.governor->to_json());
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
