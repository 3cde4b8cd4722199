#pragma once

/// \file
/// One request under a limit and a breaker, shared by chat and power calls. Internal.

#include <vx11/attempt.hpp>
#include <vx11/balancer.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/linked_breakers.hpp>
#include <vx11/streaming.hpp>

#include <algorithm>
#include <coroutine>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "text/rare_text.hpp"

namespace vx11 {
inline namespace v0 {

/// The target of a call and its limits. Owns nothing; what it points to must outlive the call.
struct CallOptions {
  CallOptions(std::string_view upstream, Transport& transport, Duration timeout, SteadyClock clock,
              CircuitBreaker* breaker, const LinkedBreakers* linked)
      : upstream(upstream),
        transport(&transport),
        timeout(timeout),
        clock(clock),
        breaker(breaker),
        linked(linked) {}

  std::string_view upstream;  ///< For errors.
  Transport* transport;
  Duration timeout;
  SteadyClock clock;
  CircuitBreaker* breaker;       ///< May be null.
  const LinkedBreakers* linked;  ///< All breakers of the upstream; may be null.
  Balancer* balancer = nullptr;  ///< Of the target's group; null: it has none.
  std::size_t member = 0;        ///< The target's index in it.
  /// Of the whole call, where `timeout` may be for its beginning alone.
  Duration total_timeout = Duration::max();
  /// Whether `AdmittedCall::breaker_change` is of interest.
  bool is_traced = false;
};

/// A call that the breaker has admitted. It still needs its verdict; destroyed without one it is
/// neutral.
struct AdmittedCall {
  Duration elapsed = {};  ///< Since the admission check; zero if nothing was sent.
  std::optional<CircuitBreaker::Permit> permit = std::nullopt;

  const LinkedBreakers* linked = nullptr;
  Balancer::Call load = {};  ///< For a target of a group: the call counts until it is destroyed.
  TimePoint began = {};      ///< The time of the admission check.
  CircuitBreaker* watched = nullptr;                           ///< That of a traced call.
  std::optional<BreakerChange> breaker_change = std::nullopt;  ///< Caused by the verdict.

  /// Records the outcome of the answer in the breaker. A good one is evidence for all breakers of
  /// the upstream.
  void conclude(Verdict verdict) noexcept {
    if (permit) watched == nullptr ? permit->record(verdict) : record_watched(verdict);
    if (linked != nullptr && verdict == Verdict::success) linked->answered();
    load.record(verdict, elapsed);
  }

 private:
  void record_watched(Verdict verdict) noexcept {
    const CircuitState before = watched->state();
    permit->record(verdict);
    const CircuitState after = watched->state();
    if (after != before) breaker_change = BreakerChange{.from = before, .to = after};
  }
};

/// The result of a send.
struct SendResult : AdmittedCall {
  explicit SendResult(Error error, Duration retry_after = {})
      : response(tl::unexpected(std::move(error))), retry_after(retry_after) {}

  Result<HttpResponse> response;  ///< Whatever its status; errors carry the library's own text.
  Duration retry_after = {};      ///< When the breaker or a policy rejected it.
  /// Whether the upstream may have acted on the request all the same. Of an error alone.
  bool may_have_arrived = false;
  RareText cause = {};  ///< The transport's own text of an error, for logs alone.
};

/// One call under `CallOptions`: the steps before and after the transport's.
class BreakerCall {
 public:
  /// \param deadline outlives the call
  BreakerCall(const CallOptions& options, const Deadline& deadline)
      : options_(options), deadline_(deadline), result_(Error(Errc::unreachable)) {
    result_.linked = options.linked;
    if (options.is_traced) result_.watched = options.breaker;
  }

  /// Whether to send at all: not cancelled and time is left by `until`, and the breaker admits
  /// the call. A target that cools down is rejected as well.
  bool begin(const Deadline& until);
  /// The time of the admission check.
  TimePoint began() const noexcept { return start_; }
  /// The deadline for the transport.
  Deadline limited() const noexcept {
    return deadline_.capped(start_, std::min(options_.timeout, options_.total_timeout));
  }
  void received(Result<HttpResponse>&& response) { result_.response = std::move(response); }
  /// The result; an error carries the library's own text and has been recorded in the breaker.
  SendResult& end();

 private:
  bool refuse(Errc code, Duration retry_after = {});
  bool admit();
  Error error(Errc code, Duration allowed = {}) const;
  /// Whether the limit of the whole call is the one that has passed.
  bool exceeds_total() const noexcept;

  CallOptions options_;
  const Deadline& deadline_;
  TimePoint start_ = {};
  SendResult result_;
  bool refused_ = false;
};

/// Sends `request`, unless it was cancelled, no time is left or the breaker rejects it. Errors are
/// recorded in the breaker before it completes. A transport that throws is `unreachable`; one that
/// fails after cancellation is `cancelled`.
///
/// Starts at once, is awaited once, and must not move until it has completed, nor may `request` and
/// `deadline`. Not a coroutine, so that the caller awaits the transport directly:
///
/// ```cpp
/// SendThroughBreaker sending(options, request, deadline);
/// SendResult& result = co_await sending;
/// ```
class SendThroughBreaker {
 public:
  SendThroughBreaker(const CallOptions& options, const HttpRequest& request,
                     const Deadline& deadline)
      : SendThroughBreaker(options, request, deadline, deadline) {}
  /// \param admission the deadline that must not have passed yet, if the call may outlast it; used
  ///        only here
  SendThroughBreaker(const CallOptions& options, const HttpRequest& request,
                     const Deadline& deadline, const Deadline& admission);

  bool await_ready() const noexcept { return !sending_; }
  bool await_suspend(std::coroutine_handle<> waiting) noexcept {
    return !start(&detail::resume_coroutine, waiting.address());
  }
  SendResult& await_resume() { return result(); }

  /// For code that is no coroutine. \return whether it has ended; otherwise `wake(whom)` follows
  bool start(void (*wake)(void*), void* whom) noexcept {
    return !sending_ || detail::TaskAccess::start(*sending_, wake, whom);
  }
  /// Once it has ended; call it once.
  SendResult& result();
  TimePoint began() const noexcept { return call_.began(); }

 private:
  BreakerCall call_;
  std::optional<Task<Result<HttpResponse>>> sending_ = std::nullopt;
};

/// A result that has only the head of the response.
struct OpenedSend {
  OpenedSend(SendResult result, std::unique_ptr<BodyStream> body)
      : result(std::move(result)), body(std::move(body)) {}
  SendResult result;
  std::unique_ptr<BodyStream> body;  ///< Null if there is no response.
};

/// The same up to the head of the response, for a streaming transport. `request` and `deadline`
/// must outlive the task.
Task<OpenedSend> open_through_breaker(CallOptions options, StreamingTransport& transport,
                                      const HttpRequest& request, const Deadline& deadline,
                                      const Deadline& admission);

/// The error text for a transport's failure; the transport's own text may contain a URL or an
/// upstream's text.
Error safe_error(std::string_view upstream, Errc code, Duration allowed = {});
/// The error for a call that was not complete within the limit of the whole call.
Error total_timeout_error(std::string_view upstream, Duration total);

}  // namespace v0
}  // namespace vx11
