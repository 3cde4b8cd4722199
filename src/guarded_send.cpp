#include "guarded_send.hpp"

#include <chrono>
#include <string>

#include <fmt/format.h>

namespace vx11::inline v0 {

namespace {

std::string in_words(Duration time) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

/// The library's own words: what a transport says may hold a URL or an upstream's text.
std::string in_words(Errc code, Duration allowed) {
  switch (code) {
    case Errc::unreachable:
    case Errc::unavailable:
      return "no connection";
    case Errc::timeout:
      return allowed > Duration::zero() ? "no answer within " + in_words(allowed) : "no time left";
    case Errc::cancelled:
      return "the caller went away";
    case Errc::circuit_open:
      return "the circuit breaker is open";
    case Errc::asleep:
      return "the service sleeps";
    case Errc::invalid_argument:
      return "the transport cannot send this request";
    case Errc::too_large:
      return "the answer is too large";
    case Errc::invalid_reply:
    case Errc::http_status:
    case Errc::storage:
      return "the answer could not be understood";
  }
  return "failed";
}

Error error_of(const Guard& guard, Errc code, Duration allowed = {}) {
  return Error(code, in_words(code, allowed), std::string(guard.upstream));
}

}  // namespace

Task<Exchange> guarded_send(Guard guard, const HttpRequest& request, Deadline deadline) {
  if (deadline.cancelled()) co_return Exchange(error_of(guard, Errc::cancelled));
  const TimePoint start = guard.clock.now();
  if (deadline.passed(start)) co_return Exchange(error_of(guard, Errc::timeout));

  Exchange exchange(error_of(guard, Errc::unreachable));
  if (guard.breaker != nullptr) {
    auto admission = guard.breaker->try_acquire();
    if (!admission) {
      co_return Exchange(error_of(guard, Errc::circuit_open), admission.error().retry_after);
    }
    exchange.permit.emplace(std::move(*admission));
  }

  const Deadline limited = deadline.capped(start, guard.limit);
  try {
    Task<Result<HttpResponse>> sending = guard.transport->send(request, limited);
    exchange.response = co_await std::move(sending);
  } catch (...) {  // exchange still says unreachable
  }
  exchange.elapsed = guard.clock.now() - start;
  if (!exchange.response) {
    const Errc code = deadline.cancelled() ? Errc::cancelled : exchange.response.error().code;
    exchange.response = fail(error_of(guard, code, limited.remaining(start)));
    exchange.conclude(verdict_on(code));
  }
  co_return std::move(exchange);
}

}  // namespace vx11::inline v0
