#include <vx11/detail/mistakes.hpp>
#include <vx11/request_limits.hpp>
#include <vx11/shared_rates.hpp>

#include <utility>

#include "front/cors.hpp"
#include "limits/client_limits.hpp"
#include "limits/limit_answer.hpp"
#include "limits/limited_body.hpp"
#include "limits/rate.hpp"

namespace vx11 {
inline namespace v0 {

using limits::LimitPart;
using limits::LimitRefusal;
using limits::Taken;

struct RequestLimits::Impl {
  Impl(std::shared_ptr<HttpHandler> handler, RequestLimitsOptions given,
       const limits::ClientLimits* earlier = nullptr)
      : inner(std::move(handler)),
        clients(std::make_shared<limits::ClientLimits>(std::move(given), earlier)) {}

  const RequestLimitsOptions& options() const noexcept { return clients->options(); }

  HttpResponse refuse(const LimitRefusal& refusal, const HttpRequest& request) const;
  /// The same, and counts it.
  HttpResponse refuse_admitted(const LimitRefusal& refusal, const HttpRequest& request) const;
  Task<StreamedResponse> answer(const HttpRequest& request, const HttpAdmission& admission,
                                Deadline deadline, Taken taken) const;

  Task<StreamedResponse> open_shared(const HttpRequest& request, const HttpAdmission& admission,
                                     Deadline deadline, RequestKind kind) const;
  /// Rates that the shared ones decide, or else this process.
  Task<tl::expected<void, LimitRefusal>> take_shared(const HttpRequest& request,
                                                     const HttpAdmission& admission,
                                                     Deadline deadline, RequestKind kind,
                                                     Taken& taken) const;

  const std::shared_ptr<HttpHandler> inner;
  const std::shared_ptr<limits::ClientLimits> clients;
};

namespace {

Result<void> check(const HttpHandler* inner, const RequestLimitsOptions& options) {
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the handler is missing");
  mistakes.add_if(!options.kind_of, "kind_of is empty");
  mistakes.require(options.max_clients >= 1, "max_clients", "at least 1");
  if (options.per_address) limits::check_rate(mistakes, *options.per_address, "per_address");
  if (options.per_token) limits::check_rate(mistakes, *options.per_token, "per_token");
  if (options.per_session) limits::check_rate(mistakes, *options.per_session, "per_session");
  return std::move(mistakes).result();
}

}  // namespace

HttpResponse RequestLimits::Impl::refuse(const LimitRefusal& refusal,
                                         const HttpRequest& request) const {
  HttpResponse answer = limits::limit_answer(refusal.limit, request, refusal.wait);
  refusal.quotas.write(answer.headers);
  endpoints::add_cors_fields(options().cors_origins, request, answer);
  if (LimitCounters* const counters = options().counters.get()) {
    const auto which = static_cast<std::size_t>(refusal.limit);
    counters->refused[which].fetch_add(1, std::memory_order_relaxed);
  }
  return answer;
}

HttpResponse RequestLimits::Impl::refuse_admitted(const LimitRefusal& refusal,
                                                  const HttpRequest& request) const {
  HttpResponse answer = refuse(refusal, request);
  if (RequestMetrics* const metrics = options().metrics.get()) {
    metrics->refused(inner->route(request.target), request.method, answer.status);
  }
  return answer;
}

Task<StreamedResponse> RequestLimits::Impl::answer(const HttpRequest& request,
                                                   const HttpAdmission& admission,
                                                   Deadline deadline, Taken taken) const {
  Task<StreamedResponse> opening = inner->open(request, admission, std::move(deadline));
  StreamedResponse& opened = co_await opening;
  taken.quotas.write(opened.head.headers);
  if (opened.body != nullptr) {
    opened.body = std::make_unique<limits::LimitedBody>(clients, std::move(opened.body),
                                                        std::move(taken.place));
  } else {
    taken.place.complete(opened.head.status);
  }
  co_return std::move(opened);
}

/// Concurrency first: a request that is refused for it does not wait for the shared rates.
Task<StreamedResponse> RequestLimits::Impl::open_shared(const HttpRequest& request,
                                                        const HttpAdmission& admission,
                                                        Deadline deadline, RequestKind kind) const {
  Taken taken;
  auto passed = clients->take(request, admission, kind, LimitPart::concurrency, taken);
  if (passed) {
    Task<tl::expected<void, LimitRefusal>> taking =
        take_shared(request, admission, deadline, kind, taken);
    passed = co_await std::move(taking);
  }
  if (!passed) co_return StreamedResponse(refuse_admitted(passed.error(), request), nullptr);
  Task<StreamedResponse> answering =
      answer(request, admission, std::move(deadline), std::move(taken));
  co_return co_await std::move(answering);
}

Task<tl::expected<void, LimitRefusal>> RequestLimits::Impl::take_shared(
    const HttpRequest& request, const HttpAdmission& admission, Deadline deadline, RequestKind kind,
    Taken& taken) const {
  SharedRateRequest asked = clients->shared_part(request, admission, kind);
  if (asked.empty()) {
    co_return clients->take(request, admission, kind, LimitPart::rates, taken);
  }
  Task<Result<SharedRateDecision>> asking = options().shared->take(asked, std::move(deadline));
  const Result<SharedRateDecision> decision = co_await std::move(asking);
  if (decision) co_return clients->apply(*decision, asked, taken);
  if (LimitCounters* const counters = options().counters.get()) {
    counters->decided_alone.fetch_add(1, std::memory_order_relaxed);
  }
  co_return clients->take(request, admission, kind, LimitPart::rates, taken);
}

Result<std::shared_ptr<RequestLimits>> RequestLimits::create(std::shared_ptr<HttpHandler> inner,
                                                             RequestLimitsOptions options) {
  if (auto checked = check(inner.get(), options); !checked) return fail(checked.error());
  auto impl = std::make_unique<Impl>(std::move(inner), std::move(options));
  return std::shared_ptr<RequestLimits>(new RequestLimits(std::move(impl)));
}

Result<std::shared_ptr<RequestLimits>> RequestLimits::successor(
    std::shared_ptr<HttpHandler> inner, RequestLimitsOptions options) const {
  if (auto checked = check(inner.get(), options); !checked) return fail(checked.error());
  auto impl = std::make_unique<Impl>(std::move(inner), std::move(options), impl_->clients.get());
  return std::shared_ptr<RequestLimits>(new RequestLimits(std::move(impl)));
}

RequestLimits::RequestLimits(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RequestLimits::~RequestLimits() = default;

tl::expected<HttpAdmission, HttpResponse> RequestLimits::admit(const HttpRequest& head) const {
  const RequestKind kind = impl_->options().kind_of(head);
  if (kind == RequestKind::probe) return impl_->inner->admit(head);
  if (auto passed = impl_->clients->take_address(head); !passed) {
    return tl::unexpected(impl_->refuse(passed.error(), head));
  }
  auto admission = impl_->inner->admit(head);
  if (!admission) return admission;
  admission->wrap(*this);
  if (kind != RequestKind::chat) return admission;
  if (auto meter = impl_->clients->meter(*admission)) admission->charge_to(std::move(meter));
  return admission;
}

Task<StreamedResponse> RequestLimits::open(const HttpRequest& request,
                                           const HttpAdmission& admission,
                                           Deadline deadline) const {
  const RequestKind kind = impl_->options().kind_of(request);
  if (kind == RequestKind::probe) {
    return impl_->inner->open(request, admission, std::move(deadline));
  }
  if (impl_->options().shared != nullptr) {
    return impl_->open_shared(request, admission, std::move(deadline), kind);
  }
  auto taken = impl_->clients->take(request, admission, kind);
  if (!taken) return StreamedResponse(impl_->refuse_admitted(taken.error(), request), nullptr);
  return impl_->answer(request, admission, std::move(deadline), *std::move(taken));
}

std::string_view RequestLimits::route(std::string_view target) const noexcept {
  return impl_->inner->route(target);
}

void RequestLimits::drain() noexcept {
  impl_->inner->drain();
}

HttpResponse RequestLimits::refused(const HttpRequest& head, HttpResponse answer) const {
  return complete_refusal(*impl_->inner, head, std::move(answer));
}

}  // namespace v0
}  // namespace vx11
