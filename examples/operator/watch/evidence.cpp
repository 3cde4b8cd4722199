#include "operator/watch/evidence.hpp"

#include <utility>
#include <vector>

#include "operator/api/bounded_json.hpp"
#include "operator/watch/window_view.hpp"

namespace backend {

namespace {

using vx11::HttpResponse;
using vx11::Result;
using vx11::Task;
using Reply = tl::expected<GatewayReply, ApiAnswer>;

Task<Result<HttpResponse>> get(GatewayClient& gateway, const EvidenceQuestion& question,
                               std::string path) {
  GatewayRequest request("GET", std::move(path), question.caller, question.correlation_id);
  return gateway.send(std::move(request), question.deadline);
}

}  // namespace

PowerEvidence power_evidence(Reply reply, vx11::WallTime now) {
  PowerEvidence evidence;
  if (!reply) {
    evidence.reason = text_member(reply.error().body, "reason", "unreachable");
    evidence.failure = std::move(reply.error());
    return evidence;
  }
  if (!reply->ok()) {
    const std::string word = text_member(reply->body, "error", "madre_offline");
    evidence.reason = text_member(reply->body, "reason", word);
    if (reply->status < 500) evidence.failure = passed_on(*std::move(reply));
    return evidence;
  }
  auto state = power_state_of(reply->body, now);
  if (state) {
    evidence.state = *std::move(state);
  } else {
    evidence.reason = "invalid_reply";
    evidence.failure = invalid_gateway_reply();
  }
  return evidence;
}

Task<tl::expected<SystemEvidence, ApiAnswer>> gather_evidence(GatewayClient& gateway,
                                                              EvidenceQuestion question) {
  std::vector<Task<Result<HttpResponse>>> asking;
  asking.push_back(get(gateway, question, "/operator/status"));
  asking.push_back(get(gateway, question, "/operator/power/state"));
  auto both = vx11::when_all(std::move(asking));
  std::vector<Result<HttpResponse>> answers = co_await std::move(both);
  Reply status = read_reply(std::move(answers[0]));
  if (!status) co_return tl::unexpected(std::move(status.error()));
  if (!status->ok()) co_return tl::unexpected(passed_on(*std::move(status)));
  if (!is_gateway_status(status->body)) co_return tl::unexpected(invalid_gateway_reply());
  PowerEvidence power = power_evidence(read_reply(std::move(answers[1])), question.at);
  SystemEvidence evidence;
  evidence.at = question.at;
  evidence.status = std::move(status->body);
  evidence.power = std::move(power.state);
  evidence.power_reason = std::move(power.reason);
  co_return evidence;
}

}  // namespace backend
