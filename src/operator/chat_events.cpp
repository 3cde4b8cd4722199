#include "operator/chat_events.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/media_type.hpp"
#include "http/sse.hpp"
#include "operator/answers.hpp"
#include "operator/chat_turn.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// Limit for the part of an endless answer that is kept in the session.
constexpr std::size_t kMostKept = 1024 * 1024;

/// How a stream that ended with this error is counted.
StreamEnd end_of(Errc code) noexcept {
  if (code == Errc::cancelled) return StreamEnd::cut_by_client;
  return code == Errc::http_status ? StreamEnd::error : StreamEnd::cut_by_upstream;
}

/// Writes the pieces as events and collects their text.
class EventWriter final : public ChatPieceSink {
 public:
  void take(std::string_view data, std::string_view text) override {
    if (data.starts_with('{')) {
      append_event(out_, ++last_id_, "message", data);
    } else {  // a dialect whose events are no JSON objects
      json::Writer delta(text.size() + 16);
      delta.open('{').key("delta").string(text).close('}');
      append_event(out_, ++last_id_, "message", std::move(delta).take());
    }
    if (text_.size() < kMostKept) text_ += text;
  }
  void last(std::string_view name, std::string_view data) {
    append_last_event(out_, ++last_id_, name, data);
  }

  std::string take_out() noexcept { return std::exchange(out_, {}); }
  std::string take_text() noexcept { return std::move(text_); }
  bool has_text() const noexcept { return !text_.empty(); }

 private:
  std::string out_ = {};
  std::string text_ = {};
  std::uint64_t last_id_ = 0;
};

class ChatEvents final : public BodyStream {
 public:
  ChatEvents(std::shared_ptr<const Context> context, ChatTurn turn, ChatStream stream,
             TimePoint since)
      : context_(std::move(context)),
        turn_(std::move(turn)),
        stream_(std::move(stream)),
        origin_(origin_of(stream_.source(), stream_.reason(), context_->options.primary)),
        since_(since),
        first_piece_(context_->options.clock.now() - since) {}
  ~ChatEvents() override {
    if (!over_) count_departure();
  }

  Task<Result<std::string>> next(Deadline deadline) override {
    if (over_) co_return std::string();
    Task<Result<bool>> reading = stream_.read(writer_, std::move(deadline));
    const Result<bool> more = co_await std::move(reading);
    if (more && *more) co_return writer_.take_out();
    over_ = true;
    if (more) {
      Task<void> ending = end();
      co_await std::move(ending);
    } else {
      Task<void> ending = break_off(more.error());
      co_await std::move(ending);
    }
    co_return writer_.take_out();
  }

 private:
  Task<void> end() {
    json::Writer done;
    done.open('{').key("session_id").string(turn_.chat().session_id);
    Task<Result<void>> keeping = turn_.keep(writer_.take_text(), origin_);
    turn_.kept(co_await std::move(keeping));
    write_metadata(done, origin_, stream_.attempts(), stream_.upstream_json(), turn_.history());
    writer_.last("done", std::move(done.close('}')).take());
    count(StreamEnd::done);
  }

  /// The text so far is stored and marked as incomplete. A client that left has cancelled the chat:
  /// then nothing is stored.
  Task<void> break_off(Error error) {
    json::Writer json;
    begin_offline(json, stream_.source(), offline_reason(error.code), "The answer broke off");
    json.key("session_id").string(turn_.chat().session_id).key("complete").boolean(false);
    write_attempts(json, stream_.attempts());
    if (error.code != Errc::cancelled && writer_.has_text()) {
      Task<Result<void>> keeping =
          turn_.keep(writer_.take_text(), origin_, Completeness::broken_off);
      turn_.kept(co_await std::move(keeping));
    }
    writer_.last("error", std::move(json.close('}')).take());
    count(end_of(error.code));
  }

  void count(StreamEnd end) noexcept { count(end, stream_.attempts()); }
  void count_departure() {
    std::vector<Attempt> attempts = stream_.attempts();
    if (!attempts.empty()) attempts.back().outcome = Outcome::cancelled;
    count(StreamEnd::cut_by_client, attempts);
  }
  void count(StreamEnd end, std::span<const Attempt> attempts) noexcept {
    context_->metrics.attempted(attempts);
    context_->metrics.streamed(end, first_piece_, context_->options.clock.now() - since_);
  }

  std::shared_ptr<const Context> context_;
  ChatTurn turn_;
  ChatStream stream_;
  ChatOrigin origin_;
  TimePoint since_;
  Duration first_piece_;
  EventWriter writer_ = {};
  bool over_ = false;
};

}  // namespace

bool wants_events(const HttpRequest& request) noexcept {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const Header& field) {
    return equals_ignoring_case(field.name, "Accept") && lists_event_stream(field.value);
  });
}

bool resumes_events(const HttpRequest& request) noexcept {
  return !request.headers.get("Last-Event-ID").empty();
}

Task<StreamedResponse> stream_chat(std::shared_ptr<const Context> context, const Call& call,
                                   TimePoint since) {
  const OperatorApiOptions& with = context->options;
  ChatTurn turn(*context);
  auto refused = turn.read(call.request);
  if (refused) co_return StreamedResponse(*std::move(refused), nullptr);
  turn.recalled(co_await turn.recall());

  auto stream = co_await with.router->async_stream(std::cref(turn.chat()), call.deadline);
  if (!stream) {
    context->metrics.attempted(stream.error().attempts);
    co_return StreamedResponse(offline(turn.chat().session_id, stream.error(), with.primary),
                               nullptr);
  }
  auto events =
      std::make_unique<ChatEvents>(std::move(context), std::move(turn), std::move(*stream), since);
  // Python's requests decodes text without a charset as Latin-1.
  HttpResponse head(200, "text/event-stream; charset=utf-8", {});
  head.headers.add("Cache-Control", "no-store, no-transform");  // a compressor would hold pieces
  head.headers.add("X-Accel-Buffering", "no");  // nginx forwards pieces without buffering
  co_return StreamedResponse(std::move(head), std::move(events));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
