#include <vx11/detail/mistakes.hpp>
#include <vx11/operator_api.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "front/cors.hpp"
#include "operator/admission.hpp"
#include "operator/answers.hpp"
#include "operator/chat_events.hpp"
#include "operator/context.hpp"
#include "operator/endpoints.hpp"
#include "operator/routes.hpp"

namespace vx11 {
inline namespace v0 {

using endpoints::Call;
using endpoints::Match;

struct OperatorApi::Impl : endpoints::Context {
  using Context::Context;
};

namespace {

Result<void> check(const OperatorApiOptions& options) {
  detail::Mistakes mistakes;
  mistakes.add_if(options.auth == nullptr, "auth is missing");
  mistakes.add_if(!options.router.has_value(), "router is missing");
  mistakes.add_if(options.health == nullptr, "health is missing");
  mistakes.add_if(options.power == nullptr, "power is missing");
  mistakes.add_if(options.sessions == nullptr, "sessions is missing");
  mistakes.add_if(options.tasks && options.tasks->transport == nullptr, "tasks has no transport");
  mistakes.add_if(options.intents && options.intents->transport == nullptr,
                  "intents has no transport");
  mistakes.add_if(options.inee && options.inee->transport == nullptr, "inee has no transport");
  mistakes.add_if(std::any_of(options.readiness.begin(), options.readiness.end(),
                              [](const ReadinessCheck& check) { return !check.is_ready; }),
                  "a readiness check has no function");
  mistakes.add_if(options.primary.empty(), "primary is empty");
  mistakes.add_if(options.max_body_bytes == 0, "max_body_bytes is zero");
  mistakes.add_if(options.max_message_bytes == 0, "max_message_bytes is zero");
  mistakes.add_if(options.stream.heartbeat <= Duration::zero(),
                  "stream.heartbeat must be above zero");
  const auto& breakers = options.breakers;
  for (auto named = breakers.begin(); named != breakers.end(); ++named) {
    const auto has_name = [&](const NamedBreaker& other) { return other.name == named->name; };
    mistakes.about("breaker", named->name);
    mistakes.add_if(named->breaker == nullptr, "it is null");
    mistakes.add_if(named->control != nullptr && named->control != named->breaker,
                    "control is another breaker");
    mistakes.add_if(std::any_of(breakers.begin(), named, has_name), "the name is used twice");
  }
  return std::move(mistakes).result();
}

std::vector<NamedBreaker> breakers_of(const Router& router) {
  std::vector<NamedBreaker> breakers;
  for (const std::string& target : router.targets()) {
    breakers.push_back(NamedBreaker{.name = target, .breaker = router.breaker(target)});
  }
  return breakers;
}

}  // namespace

Result<OperatorApi> OperatorApi::create(OperatorApiOptions options) {
  return make(std::move(options), nullptr);
}

Result<OperatorApi> OperatorApi::successor(OperatorApiOptions options) const {
  return make(std::move(options), impl_.get());
}

Result<OperatorApi> OperatorApi::make(OperatorApiOptions options, const Impl* earlier) {
  if (Result<void> checked = check(options); !checked) return fail(std::move(checked.error()));
  if (options.breakers.empty()) options.breakers = breakers_of(*options.router);
  if (options.governor == nullptr) {
    auto governor = PowerGovernor::create({});
    if (!governor) return fail(std::move(governor.error()));
    options.governor = *std::move(governor);
  }
  auto impl = std::make_shared<Impl>(std::move(options), earlier);
  detail::Mistakes mistakes;
  std::vector<MetricFamily> families = impl->metric_families();
  metrics::check(mistakes, families);
  impl->page.emplace(std::move(families));
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return OperatorApi(std::move(impl));
}

tl::expected<HttpAdmission, HttpResponse> OperatorApi::admit(const HttpRequest& head) const {
  const TimePoint since = impl_->options.clock.now();
  const Match match = endpoints::find_route(head.target);
  HttpAdmission::Match found{match.route, match.argument, since};
  found.pattern = match.pattern();
  std::optional<HttpResponse> refused;
  try {
    refused = endpoints::answer_preflight(impl_->options.cors_origins, head);
    if (!refused) refused = endpoints::refuse(*impl_, match, head, found);
  } catch (...) {
    refused = endpoints::error_answer(500, "internal");
  }
  if (!refused) return {tl::in_place, *this, impl_->options.max_body_bytes, std::move(found)};
  const std::string id = http_detail::request_id_of(head.headers);
  impl_->finish(*refused, head, id);
  impl_->metrics.answered(match.endpoint(), refused->status, impl_->since(since));
  return tl::unexpected(*std::move(refused));
}

std::string_view OperatorApi::route(std::string_view target) const noexcept {
  return endpoints::find_route(target).pattern();
}

Task<StreamedResponse> OperatorApi::answer(const HttpRequest& request, const Admission& admission,
                                           Deadline deadline, Form form) const {
  using namespace endpoints;
  const auto& route = *static_cast<const Route*>(admission.match().route);
  if (route.endpoint == Endpoint::chat && !resumes_events(request)) {
    const bool is_whole = form == Form::whole || !wants_events(request);
    if (is_whole) return answer_chat(*impl_, request, admission, std::move(deadline));
  }
  return answer_any(request, admission, std::move(deadline), form);
}

Task<StreamedResponse> OperatorApi::answer_any(const HttpRequest& request,
                                               const Admission& admission, Deadline deadline,
                                               Form form) const {
  const Impl& impl = *impl_;
  const auto& route = *static_cast<const endpoints::Route*>(admission.match().route);
  const Call call(request, admission, deadline);
  StreamedResponse result;
  try {
    const bool is_chat = route.endpoint == endpoints::Endpoint::chat;
    if (is_chat && endpoints::resumes_events(request)) {
      result.head = HttpResponse(204);
    } else if (is_chat) {
      std::shared_ptr<const endpoints::Context> context = impl_;
      result = co_await endpoints::stream_chat(std::move(context), call, admission.match().since);
    } else if (request.method == "DELETE") {
      result.head = co_await route.remove(impl, call);
    } else if (form == Form::may_stream && route.endpoint == endpoints::Endpoint::session) {
      result = co_await endpoints::stream_session(impl, call);
    } else {
      result.head = co_await route.answer(impl, call);
    }
  } catch (...) {
    result.head = endpoints::error_answer(500, "internal");
  }
  impl.finish(result.head, request, call.request_id);
  const bool counts_itself = route.endpoint == endpoints::Endpoint::chat && result.body != nullptr;
  if (!counts_itself) {
    impl.count(call, result.head.status, impl.since(admission.match().since));
  }
  co_return std::move(result);
}

Task<StreamedResponse> OperatorApi::answer_owned(const HttpRequest& request, Admission admission,
                                                 Deadline deadline, Form form) const {
  Task<StreamedResponse> answering = answer(request, admission, std::move(deadline), form);
  co_return co_await std::move(answering);
}

Task<HttpResponse> OperatorApi::handle(const HttpRequest& request, Admission admission,
                                       Deadline deadline) const {
  StreamedResponse whole = co_await answer(request, admission, std::move(deadline), Form::whole);
  co_return std::move(whole.head);
}

Task<HttpResponse> OperatorApi::handle(const HttpRequest& request, Deadline deadline) const {
  auto admission = admit(request);
  if (!admission) return std::move(admission.error());
  return handle(request, *admission, std::move(deadline));
}

Task<StreamedResponse> OperatorApi::open(const HttpRequest& request, const Admission& admission,
                                         Deadline deadline) const {
  return answer(request, admission, std::move(deadline), Form::may_stream);
}

Task<StreamedResponse> OperatorApi::open(const HttpRequest& request, Deadline deadline) const {
  auto admission = admit(request);
  if (!admission) return StreamedResponse(std::move(admission.error()), nullptr);
  return answer_owned(request, *std::move(admission), std::move(deadline), Form::may_stream);
}

std::vector<ServedRoute> OperatorApi::routes() {
  return endpoints::served_routes();
}

std::size_t OperatorApi::max_body_bytes() const noexcept {
  return impl_->options.max_body_bytes;
}

void OperatorApi::drain() noexcept {
  impl_->draining.store(true, std::memory_order_relaxed);
}

}  // namespace v0
}  // namespace vx11
