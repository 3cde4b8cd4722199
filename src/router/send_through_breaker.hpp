#pragma once

/// \file
/// One send under a limit and a breaker: what a chat and a power call have in common. Internal.

#include <vx11/circuit_breaker.hpp>
#include <vx11/streaming.hpp>

#include <coroutine>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Whom to call, and under what. Owns nothing; what it points to outlives the call.
struct CallOptions {
  CallOptions(std::string_view upstream, Transport& transport, Duration timeout, SteadyClock clock,
              CircuitBreaker* breaker)
      : upstream(upstream),
        transport(&transport),
        timeout(timeout),
        clock(clock),
        breaker(breaker) {}

  std::string_view upstream;  ///< For errors.
  Transport* transport;
  Duration timeout;
  SteadyClock clock;
  CircuitBreaker* breaker;  ///< May be null.
};

/// What came of a send. An answer still waits for its verdict; dropped without one it is neutral.
struct SendResult {
  explicit SendResult(Error error, Duration retry_after = {})
      : response(tl::unexpected(std::move(error))), retry_after(retry_after) {}

  Result<HttpResponse> response;  ///< Whatever its status; errors carry the library's own text.
  Duration elapsed = {};          ///< From asking the breaker; zero if nothing was sent.
  Duration retry_after = {};      ///< When the breaker or a policy rejected it.
  std::optional<CircuitBreaker::Permit> permit = std::nullopt;

  /// Tells the breaker what the answer was worth.
  void conclude(Verdict verdict) noexcept {
    if (permit) permit->record(verdict);
  }
};

/// A call under a options, before and after the transport's part of it.
class BreakerCall {
 public:
  /// \param deadline outlives the call
  BreakerCall(const CallOptions& options, const Deadline& deadline)
      : options_(options), deadline_(deadline), result_(Error(Errc::unreachable)) {}

  /// Asks whether to send at all: somebody waits, time is left, the breaker admits.
  bool begin();
  /// What the transport may take.
  Deadline limited() const noexcept { return deadline_.capped(start_, options_.timeout); }
  void received(Result<HttpResponse>&& response) { result_.response = std::move(response); }
  /// The result, its errors in the library's own words and settled with the breaker.
  SendResult& end();

 private:
  bool refuse(Errc code, Duration retry_after = {});
  Error error(Errc code, Duration allowed = {}) const;

  CallOptions options_;
  const Deadline& deadline_;
  TimePoint start_ = {};
  SendResult result_;
  bool refused_ = false;
};

/// Sends `request`, unless nobody waits for it any more, no time is left or the breaker rejects it.
/// Errors are settled with the breaker before it ends. A transport that throws is `unreachable`;
/// one that fails after the caller went away is `cancelled`.
///
/// Begins at once, is awaited once, and stays where it was made until it has ended, as do `request`
/// and `deadline`. No coroutine, for there is nothing between the transport and who awaits it:
///
/// ```cpp
/// SendThroughBreaker sending(options, request, deadline);
/// SendResult& result = co_await sending;
/// ```
class SendThroughBreaker {
 public:
  SendThroughBreaker(const CallOptions& options, const HttpRequest& request,
                     const Deadline& deadline);

  bool await_ready() const noexcept { return !sending_; }
  bool await_suspend(std::coroutine_handle<> waiting) noexcept {
    return !detail::TaskAccess::start(*sending_, &detail::resume_coroutine, waiting.address());
  }
  SendResult& await_resume();

 private:
  BreakerCall call_;
  std::optional<Task<Result<HttpResponse>>> sending_ = std::nullopt;
};

/// A result of which only the head has come.
struct OpenedSend {
  OpenedSend(SendResult result, std::unique_ptr<BodyStream> body)
      : result(std::move(result)), body(std::move(body)) {}
  SendResult result;
  std::unique_ptr<BodyStream> body;  ///< Null if there is no answer.
};

/// The same up to the head of the answer, for a transport that streams. `request` and `deadline`
/// outlive the task.
Task<OpenedSend> open_through_breaker(CallOptions options, StreamingTransport& transport,
                                      const HttpRequest& request, const Deadline& deadline);

/// What a transport's failure is called in answers; its own words may hold a URL or an upstream's
/// text.
Error safe_error(std::string_view upstream, Errc code, Duration allowed = {});

}  // namespace v0
}  // namespace vx11
