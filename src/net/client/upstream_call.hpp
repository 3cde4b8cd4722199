#pragma once

/// \file
/// One request to an upstream, over a pooled or new connection. Internal.

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "net/client/upstream_pool.hpp"
#include "net/http/response_reader.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Runs on the loop's thread; used once. If it ends early, the connection is closed and not kept.
///
/// The coroutine of the caller does the waiting, so that a call has no other:
///
/// ```cpp
/// auto step = call.begin(request, UpstreamCall::Until::complete);
/// while (step != UpstreamCall::Step::ended) {
///   if (step == UpstreamCall::Step::connect) { co_await call.connect(); step = call.next(); }
///   else { step = call.next(co_await call.readable()); }
/// }
/// ```
class UpstreamCall {
 public:
  enum class Until : unsigned char { head, piece, complete };
  /// What a call needs to go further.
  enum class Step : unsigned char {
    connect,   ///< `connect`; seldom needed, since most calls use a kept connection.
    readable,  ///< `readable`.
    ended,     ///< Nothing: the response is there, or `error`.
  };

  UpstreamCall(Loop& loop, OriginPool& pool, const NetTransportOptions& options, Deadline deadline);
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  /// Sends the request, which must outlive the call's steps, and reads the response up to there.
  Step begin(const HttpRequest& request, Until until);
  /// Connects, and sends what the socket does not accept at once.
  Task<void> connect();
  /// `co_await`: for more bytes. \return whether there are any, for `next`
  auto readable() noexcept { return connection_->wait_readable(connection_->unread().size()); }
  /// What comes next, after the last step.
  Step next(bool came = true);
  /// Why the call has failed; null: it has not. Kept apart, since a call that waits has none.
  Error* error() noexcept { return error_.get(); }
  /// The response so far; its body is what was received and not yet taken.
  HttpResponse& response() noexcept { return reader_->response(); }
  bool has_piece() noexcept { return !reader_->response().body.empty(); }
  /// Reads until there is a piece of the body, or it is complete; do not call it after that.
  /// \return the piece; empty: the body was complete
  Task<Result<std::string>> next_piece(TimePoint by);
  bool complete() const noexcept { return body_done_; }
  /// Destroys `call` on its loop's thread, on which its connection is used. Thread-safe.
  static void end_on_loop(std::unique_ptr<UpstreamCall> call) noexcept;
  std::string take_body() { return reader_->take_body(); }

 private:
  /// Closes the connection when the caller cancels, from any thread.
  class Stop {
   public:
    explicit Stop(UpstreamConnectionPtr connection)
        : connection_(std::move(connection)), call_(connection_->calls) {}
    void operator()() const noexcept;

   private:
    UpstreamConnectionPtr connection_;
    std::uint32_t call_;
  };

  /// Owns its call while it is queued.
  struct EndJob final : QueuedJob {
    void run() override { drop(); }
    void drop() noexcept override { const std::unique_ptr<UpstreamCall> ended = std::move(call); }
    std::unique_ptr<UpstreamCall> call = nullptr;
  };

  Step attempt();
  Result<void> may_be_sent(const HttpRequest& request) const;
  bool take_kept();
  Task<Result<void>> connect_anew();
  TimePoint resend_until(const HttpRequest& request) const noexcept;
  bool send_at_once();
  Task<Result<void>> send_rest();
  bool reached(Until until) noexcept;
  bool settled(Until until);
  ResponseReader::Next take_in(std::size_t& used);
  void take_end();
  void fail_with(Error error) { error_ = std::make_unique<Error>(std::move(error)); }
  void note(Result<void>&& done) {
    if (!done) fail_with(std::move(done.error()));
  }
  Error why_broken() const;
  /// Whether a byte of the response has arrived.
  bool heard_any() const noexcept { return heard_any_ || !connection_->unread().empty(); }
  bool may_try_again() const noexcept;
  void begin_again() noexcept;
  void adopt(UpstreamConnectionPtr connection);
  void finish();

  Loop& loop_;
  OriginPool& pool_;
  const NetTransportOptions& options_;
  Deadline deadline_;
  const HttpRequest* request_ = nullptr;
  std::unique_ptr<Error> error_ = nullptr;
  UpstreamConnectionPtr connection_;
  std::optional<std::stop_callback<Stop>> on_stop_;
  std::optional<ResponseReader> reader_;
  EndJob end_job_;
  TimePoint resend_until_ = TimePoint::max();  ///< What is swallowed later is not sent again.
  Until until_ = Until::complete;
  bool reused_ = false;
  bool timed_out_there_ = false;  ///< A reused connection was answered 408.
  bool heard_any_ = false;
  bool head_done_ = false;
  bool body_done_ = false;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
