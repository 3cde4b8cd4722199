#pragma once

/// \file
/// One streamed chat on its way from a router to a server. Internal.

#include <vx11/chat_metrics.hpp>
#include <vx11/chat_stream.hpp>
#include <vx11/chat_stream_limits.hpp>
#include <vx11/router.hpp>
#include <vx11/streaming.hpp>
#include <vx11/timer.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "front/chat_form.hpp"
#include "front/handover.hpp"
#include "front/heartbeat.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// What the relays of one API share. Each stream has it, so it refers to what the API has: all but
/// the clock is kept alive by what the form keeps alive.
struct RelayOptions {
  RelayOptions(const ChatStreamLimits& limits, Timer* timer, SteadyClock clock,
               ChatMetrics* metrics)
      : limits(limits), timer(timer), clock(std::move(clock)), metrics(metrics) {}

  const ChatStreamLimits& limits;
  Timer* timer;  ///< Null: no early head and no heartbeats.
  SteadyClock clock;
  ChatMetrics* metrics;  ///< Null: pieces are not counted.
};

/// A coroutine of its own asks the targets, reads the stream and writes events; the server takes
/// them from `out`. It keeps this object alive, so that a client that leaves while the upstream is
/// waited for needs no special case: the call is cancelled, and the coroutine ends.
///
/// A heartbeat writes comments while there is nothing else to send. The first of them decides that
/// the answer has status 200; until then a failure is an answer of its own, `whole`.
class ChatRelay : public std::enable_shared_from_this<ChatRelay> {
 public:
  /// \param asked the request's deadline; its stop token is the client's departure
  /// \param since when the head of the request was complete
  ChatRelay(RelayOptions options, std::unique_ptr<ChatForm> form, const Deadline& asked,
            TimePoint since);

  /// Begins to ask. Call once.
  void start();
  /// The client has left, or no longer reads. Nothing more is written.
  void leave();
  /// The server stops: the stream ends with an `error` event that says so. Thread-safe.
  void cut_short();

  Handover out;
  /// The answer if the stream has not begun: valid once `out` is over without text.
  std::unique_ptr<HttpResponse> whole = nullptr;
  /// Whether the stream ended with an `error` event, or because the client left. Thread-safe.
  bool has_failed() const noexcept { return failed_.load(std::memory_order_relaxed); }
  /// Writes a comment if it is time for one. For the heartbeat.
  /// \return the time to the next one; none: the stream is finished
  std::optional<Duration> beat();

 private:
  /// Notes the client's departure.
  struct Departure {
    ChatRelay* chat;
    void operator()() const { chat->stop(); }
  };

  static Detached begin(std::shared_ptr<ChatRelay> self);
  static Detached produce(std::shared_ptr<ChatRelay> self);
  /// What the answer is: status 200 and events, or `whole`.
  enum class Head : unsigned char { undecided, events, whole };
  /// Decides what the answer is, unless that is decided.
  /// \return whether it is `head`
  bool decide(Head head) noexcept {
    Head seen = Head::undecided;
    return head_.compare_exchange_strong(seen, head) || seen == head;
  }

  /// Until something is to be written if nothing else is; zero or less: now.
  Duration until_beat() const;
  void write_beat();

  Task<bool> open();
  void note_piece() noexcept;
  Deadline deadline_for_piece();
  Task<void> end();
  Task<void> break_off(Error error);
  bool is_cut_short() const noexcept { return cut_short_.load(std::memory_order_relaxed); }
  Task<void> ending_after(const Result<bool>& read);
  bool in_time() const;
  void refuse(const ChatFailure& failure);
  void fail() noexcept;
  void count(StreamEnd end, std::span<const Attempt> attempts) noexcept;
  void count_departure();
  void finish();
  void stop();
  TimePoint now() const { return options_.clock.now(); }

  RelayOptions options_;
  std::unique_ptr<ChatForm> form_;
  std::stop_source stop_ = {};  ///< Ends the call to the upstream.
  std::stop_callback<Departure> on_departure_;
  TimePoint asked_until_;
  TimePoint since_;
  Duration first_piece_ = Duration::min();  ///< Least: none so far.
  std::optional<ChatStream> stream_ = std::nullopt;
  TimePoint last_piece_ = {};        ///< Unset before the first one.
  std::atomic<TimePoint> last_out_;  ///< When something was written last; at first `since_`.
  std::atomic<Head> head_ = Head::undecided;
  std::atomic<bool> failed_ = false;     ///< Set before the last text is handed over.
  std::atomic<bool> cut_short_ = false;  ///< Set before `stop_` is stopped.
  Heartbeat heartbeat_ = {};
};

/// Starts the relay. Completes when the first piece has arrived, or after
/// `ChatStreamLimits::head_after`; failures before that are answered as for a complete answer: the
/// response has no body stream.
Task<StreamedResponse> answer_with(std::shared_ptr<ChatRelay> relay);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
