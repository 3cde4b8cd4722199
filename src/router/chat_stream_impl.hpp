#pragma once

/// \file
/// The implementation of ChatStream. Internal.

#include <vx11/attempt.hpp>
#include <vx11/chat_stream.hpp>
#include <vx11/router.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/sse.hpp"
#include "router/send_through_breaker.hpp"
#include "text/rare_text.hpp"

namespace vx11 {
inline namespace v0 {

/// Whether a stream may end without content, if its finish_reason explains that: clients of the
/// OpenAI chat API read the reason.
enum class EmptyAnswers : unsigned char { refused, with_reason };

/// A response whose body is an event stream, and what is needed to read it.
struct OpenedStream {
  OpenedStream(std::string source, OpenedSend opened, std::unique_ptr<ChatEventReader> reader,
               StreamFraming framing, EmptyAnswers empty, TimePoint start, TimePoint ends)
      : source(std::move(source)),
        opened(std::move(opened)),
        reader(std::move(reader)),
        framing(framing),
        empty(empty),
        start(start),
        ends(ends) {}

  std::string source;  ///< The target's name.
  OpenedSend opened;
  std::unique_ptr<ChatEventReader> reader;
  StreamFraming framing;
  EmptyAnswers empty;
  TimePoint start;  ///< When the attempt began.
  TimePoint ends;   ///< When its total limit ends it.
};

class ChatStream::Impl {
 public:
  /// A complete answer: one piece.
  explicit Impl(ChatReply whole);
  /// An event stream without a piece so far; call `begin`.
  Impl(std::shared_ptr<const RouterOptions> with, OpenedStream stream);

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  /// One that has not ended was left by its client.
  ~Impl();

  /// Reads until the first piece, and keeps it. An error has been recorded in the breaker.
  Task<Result<void>> begin(Deadline deadline);
  Task<Result<std::optional<ChatPiece>>> next(Deadline deadline);
  Task<Result<bool>> read(ChatPieceSink& sink, Deadline deadline);
  Task<void> release(Deadline deadline);

  /// The stream has begun well, but its chat has another answer.
  void drop() noexcept;
  /// From now on `outer` cancels the stream, which was opened with the token of `own`.
  void obey(std::stop_token outer, std::stop_source own) {
    outer_.emplace(std::move(outer), Forward{std::move(own)});
  }

  /// Its first piece arrived after `elapsed`, which its balancer counts as the time of the answer.
  void begun_well(Duration elapsed) noexcept {
    if (call_) call_->load.record(Verdict::success, elapsed);
  }

  /// From now on its end adds the spans of its chat, if they are kept.
  void trace_with(const ChatRequest& chat);
  /// Of a stream that has ended.
  const std::optional<BreakerChange>& breaker_change() const noexcept { return breaker_change_; }

  /// Of a stream that has failed to begin: the answer, if it was complete and said nothing.
  std::optional<ChatAnswer> take_empty();

  Duration elapsed() const noexcept { return options_->clock.now() - start_; }
  /// The ledger's entry of this stream's target. A slow target may stand before one that was asked
  /// beside it, and a last resort twice: the later entry is the stream's.
  Attempt& own_attempt() noexcept;

  ChatReply reply;

 private:
  struct Forward {
    std::stop_source own;
    void operator()() const noexcept {
      std::stop_source kept = own;  // stopping may end the reader, which destroys this object
      kept.request_stop();
    }
  };
  /// `piece` is anything to deliver.
  enum class Step : unsigned char { piece, starved, ended, failed };

  /// Reads the events that have arrived, up to the next piece, which is then in `data_` and
  /// `text_`.
  Step next_event();
  /// The answer has begun, and `text_` is a part of it.
  Step deliver(std::string_view data) noexcept;
  ChatEventKind meaning(const SseEvent& event) noexcept;
  /// The same, and waits for more until there is a piece or the stream has ended.
  Task<Step> next_piece(Deadline deadline);
  /// Takes what the body returned.
  /// \return `starved` unless that ended the stream
  Step arrived(Result<std::string> bytes, const Deadline& deadline);
  /// Passes on what was kept.
  /// \return whether that was anything
  bool deliver_kept(ChatPieceSink& sink);
  bool overdue(const Deadline& deadline) const { return deadline.passed(options_->clock.now()); }
  /// `deadline`, or the total limit of the target if that is nearer.
  Deadline limited(Deadline deadline) const noexcept {
    if (ends_ < deadline.at()) return Deadline(ends_, deadline.stop_token());
    return deadline;
  }
  /// Whether the total limit has passed, which has a cost only if there is one.
  bool exceeds_total() const noexcept {
    return ends_ != TimePoint::max() && options_->clock.now() >= ends_;
  }
  /// Ends a stream whose total limit has passed while nothing was read: its reader was late, not
  /// the upstream.
  /// \return whether it did
  bool end_late();
  /// The error of a stream that has failed.
  Error error() const;
  /// Whether the envelope that was read last ends an answer that may be empty.
  bool explains_emptiness() const noexcept;
  /// Keeps an envelope back.
  /// \return whether there was room for it
  bool keep_back(std::string_view data);
  /// What was read before the answer began, in order; then none.
  std::optional<ChatPiece> take_kept();
  Step closed();
  void note_empty() noexcept;
  Step end();
  Step fail_with(Errc code, Verdict verdict);
  void conclude(Verdict verdict, Outcome outcome) noexcept;
  void end_trace() noexcept;

  std::shared_ptr<const RouterOptions> options_;  ///< Keeps the permit's breaker alive.
  std::optional<AdmittedCall> call_;              ///< Until the stream has ended.
  std::unique_ptr<BodyStream> body_;
  std::unique_ptr<ChatEventReader> reader_;
  SseParser parser_;
  EmptyAnswers empty_ = EmptyAnswers::refused;
  TimePoint start_ = {};
  TimePoint ends_ = TimePoint::max();  ///< The total limit of the target.
  TimePoint delivered_ = {};           ///< When the last piece was read; only with a total limit.
  bool begun_ = false;                 ///< A piece has arrived.
  bool at_end_ = false;                ///< The body has ended.
  bool ended_empty_ = false;           ///< The answer was complete and had nothing in it.
  Errc failed_ = Errc::invalid_reply;  ///< Why the stream failed, once it has.
  std::vector<ChatPiece> kept_;        ///< Envelopes until the answer begins, and its first piece.
  std::uint32_t kept_bytes_ = 0;
  std::uint32_t next_kept_ = 0;  ///< The first that is not delivered.
  std::string_view data_;        ///< Of the last piece; valid until the next step.
  std::string text_;
  std::shared_ptr<RequestTrace> trace_ = nullptr;  ///< Null: not traced.
  RareText client_model_ = {};                     ///< Only of a sampled trace.
  std::optional<BreakerChange> breaker_change_ = std::nullopt;
  std::optional<std::stop_callback<Forward>> outer_;
};

namespace detail {

/// Used by the router to create streams.
struct ChatStreamAccess {
  using Impl = ChatStream::Impl;

  /// A complete answer.
  static ChatStream whole(ChatReply reply) {
    return ChatStream(std::make_unique<Impl>(std::move(reply)));
  }
  static ChatStream make(std::unique_ptr<Impl> impl) { return ChatStream(std::move(impl)); }
};

}  // namespace detail

}  // namespace v0
}  // namespace vx11
