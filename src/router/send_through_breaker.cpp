#include "router/send_through_breaker.hpp"

#include <new>
#include <string>
#include <utility>

#include "http/transport_details.hpp"
#include "text/duration_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// The library's own texts: a transport's text may contain a URL or an upstream's text.
std::string in_words(Errc code, Duration allowed) {
  switch (code) {
    case Errc::unreachable:
    case Errc::unavailable:
      return "no connection";
    case Errc::timeout:
      return allowed > Duration::zero() ? "no answer within " + duration_text(allowed)
                                        : "no time left";
    case Errc::cancelled:
      return "the caller went away";
    case Errc::circuit_open:
      return "the circuit breaker is open";
    case Errc::rejected:
      return "a policy refused the call";
    case Errc::asleep:
      return "the service sleeps";
    case Errc::invalid_argument:
      return "the transport cannot send this request";
    case Errc::too_large:
      return "the answer is too large";
    case Errc::exhausted:
      return "this process is out of descriptors, memory, threads or ports";
    case Errc::invalid_reply:
    case Errc::http_status:
    case Errc::storage:
    case Errc::address_unavailable:
      return "the answer could not be understood";
  }
  return "failed";
}

/// By the transport's own error. A limit may pass before the connection is made: it is not known.
bool may_have_arrived(const Error& error) noexcept {
  switch (error.code) {
    case Errc::timeout:
    case Errc::cancelled:
    case Errc::invalid_reply:
    case Errc::too_large:
      return true;
    case Errc::unreachable:
      return error.detail == kClosedBeforeAnswer;
    default:
      return false;
  }
}

}  // namespace

Error safe_error(std::string_view upstream, Errc code, Duration allowed) {
  return Error(code, in_words(code, allowed), std::string(upstream));
}

Error total_timeout_error(std::string_view upstream, Duration total) {
  return Error(Errc::timeout,
               "no complete answer within " + duration_text(total) + ", its total limit",
               std::string(upstream));
}

bool BreakerCall::exceeds_total() const noexcept {
  const Duration total = options_.total_timeout;
  return total < options_.timeout && result_.elapsed >= total;
}

Error BreakerCall::error(Errc code, Duration allowed) const {
  return safe_error(options_.upstream, code, allowed);
}

bool BreakerCall::refuse(Errc code, Duration retry_after) {
  Error refusal = error(code);
  refusal.retry_after = retry_after;
  result_ = SendResult(std::move(refusal), retry_after);
  refused_ = true;
  return false;
}

bool BreakerCall::begin(const Deadline& until) {
  if (until.cancelled()) return refuse(Errc::cancelled);
  start_ = options_.clock.now();
  if (until.passed(start_)) return refuse(Errc::timeout);
  return admit();
}

bool BreakerCall::admit() {
  Balancer* const balancer = options_.balancer;
  if (balancer != nullptr) {
    const Duration left = balancer->cooldown_left(options_.member);
    if (left > Duration::zero()) return refuse(Errc::rejected, left);
  }
  if (options_.breaker != nullptr) {
    auto admission = options_.breaker->try_acquire();
    if (!admission) return refuse(Errc::circuit_open, admission.error().retry_after);
    result_.permit.emplace(std::move(*admission));
  }
  if (balancer != nullptr) result_.load = balancer->begin(options_.member);
  return true;
}

SendResult& BreakerCall::end() {
  result_.began = start_;
  if (refused_) return result_;
  result_.elapsed = options_.clock.now() - start_;
  if (!result_.response) {
    const Errc code = deadline_.cancelled() ? Errc::cancelled : result_.response.error().code;
    result_.retry_after = result_.response.error().retry_after;
    result_.may_have_arrived = may_have_arrived(result_.response.error());
    Error safe = code == Errc::timeout && exceeds_total()
                     ? total_timeout_error(options_.upstream, options_.total_timeout)
                     : error(code, limited().remaining(start_));
    safe.retry_after = result_.retry_after;
    std::string& cause = result_.response.error().detail;
    if (!cause.empty()) result_.cause.own() = std::move(cause);
    result_.response = fail(std::move(safe));
    result_.conclude(verdict_on(code));
  }
  return result_;
}

SendThroughBreaker::SendThroughBreaker(const CallOptions& options, const HttpRequest& request,
                                       const Deadline& deadline, const Deadline& admission)
    : call_(options, deadline) {
  if (!call_.begin(admission)) return;
  try {
    sending_.emplace(options.transport->send(request, call_.limited()));
  } catch (const std::bad_alloc&) {
    call_.received(fail(Errc::exhausted));
  } catch (...) {  // reported as unreachable
  }
}

SendResult& SendThroughBreaker::result() {
  try {
    if (sending_) call_.received(detail::TaskAccess::take(*sending_));
  } catch (const std::bad_alloc&) {
    call_.received(fail(Errc::exhausted));
  } catch (...) {  // reported as unreachable
  }
  return call_.end();
}

Task<OpenedSend> open_through_breaker(CallOptions options, StreamingTransport& transport,
                                      const HttpRequest& request, const Deadline& deadline,
                                      const Deadline& admission) {
  BreakerCall call(options, deadline);
  std::unique_ptr<BodyStream> body;
  if (call.begin(admission)) {
    try {
      Task<Result<StreamedResponse>> opening = transport.open(request, call.limited());
      Result<StreamedResponse> opened = co_await std::move(opening);
      if (opened) {
        body = std::move(opened->body);
        call.received(std::move(opened->head));
      } else {
        call.received(fail(std::move(opened.error())));
      }
    } catch (const std::bad_alloc&) {
      call.received(fail(Errc::exhausted));
    } catch (...) {  // reported as unreachable
    }
  }
  co_return OpenedSend(std::move(call.end()), std::move(body));
}

}  // namespace v0
}  // namespace vx11
