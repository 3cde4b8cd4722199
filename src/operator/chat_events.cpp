#include "operator/chat_events.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/sse.hpp"
#include "operator/answers.hpp"
#include "operator/chat_turn.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// Limit for the part of an endless answer that is kept in the session.
constexpr std::size_t kMostKept = 1024 * 1024;

class ChatEvents final : public BodyStream {
 public:
  ChatEvents(std::shared_ptr<const Context> context, ChatTurn turn, ChatStream stream)
      : context_(std::move(context)),
        turn_(std::move(turn)),
        stream_(std::move(stream)),
        origin_(origin_of(stream_.source(), stream_.reason(), context_->options.primary)) {}

  Task<Result<std::string>> next(Deadline deadline) override {
    std::string out;
    if (over_) co_return out;
    Result<std::optional<ChatPiece>> piece = co_await stream_.next(std::move(deadline));
    if (piece && *piece) {
      if (text_.size() < kMostKept) text_ += (*piece)->text;
      append_event(out, "message", (*piece)->data);
      co_return out;
    }
    over_ = true;
    if (!piece) {
      append_event(out, "error", broken(piece.error()));
      co_return out;
    }
    json::Writer done;
    done.open('{').key("session_id").string(turn_.chat().session_id);
    turn_.kept(co_await turn_.keep(std::move(text_), origin_));
    write_metadata(done, origin_, stream_.attempts(), stream_.upstream_json(), turn_.history());
    append_event(out, "done", std::move(done.close('}')).take());
    co_return out;
  }

 private:
  /// An incomplete answer is not stored: a turn is stored as one, or not at all.
  std::string broken(const Error& error) const {
    json::Writer json;
    begin_offline(json, stream_.source(), offline_reason(error.code), "The answer broke off");
    json.key("session_id").string(turn_.chat().session_id).close('}');
    return std::move(json).take();
  }

  std::shared_ptr<const Context> context_;
  ChatTurn turn_;
  ChatStream stream_;
  ChatOrigin origin_;
  std::string text_ = {};
  bool over_ = false;
};

}  // namespace

bool wants_events(const HttpRequest& request) noexcept {
  return request.headers.get("Accept").find("text/event-stream") != std::string_view::npos;
}

Task<StreamedResponse> stream_chat(std::shared_ptr<const Context> context, const Call& call) {
  const OperatorApiOptions& with = context->options;
  ChatTurn turn(*context);
  auto refused = turn.read(call.request);
  if (refused) co_return StreamedResponse(*std::move(refused), nullptr);
  turn.recalled(co_await turn.recall());

  auto stream = co_await with.router->async_stream(std::cref(turn.chat()), call.deadline);
  context->metrics.attempted(stream ? stream->attempts() : stream.error().attempts);
  if (!stream) {
    co_return StreamedResponse(offline(turn.chat().session_id, stream.error(), with.primary),
                               nullptr);
  }
  auto events =
      std::make_unique<ChatEvents>(std::move(context), std::move(turn), std::move(*stream));
  HttpResponse head(200, "text/event-stream", {});
  head.headers.add("X-Accel-Buffering", "no");  // nginx forwards pieces without buffering
  co_return StreamedResponse(std::move(head), std::move(events));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
