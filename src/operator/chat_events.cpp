#include "operator/chat_events.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "operator/answers.hpp"
#include "operator/chat_turn.hpp"
#include "sse.hpp"

namespace vx11::inline v0::endpoints {

namespace {

/// Of an answer that does not end, as much as this is kept in the session.
constexpr std::size_t kMostKept = 1024 * 1024;

class ChatEvents final : public BodyStream {
 public:
  ChatEvents(std::shared_ptr<const Context> context, ChatTurn turn, std::string session_id,
             std::string user_id, ChatStream stream)
      : context_(std::move(context)),
        turn_(std::move(turn)),
        session_id_(std::move(session_id)),
        user_id_(std::move(user_id)),
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
    const Memory memory =
        co_await close_turn(*context_, session_id_, std::move(user_id_), std::move(turn_.question),
                            std::move(text_), origin_, turn_.memory);
    append_event(out, "done", done(memory));
    co_return out;
  }

 private:
  std::string done(Memory memory) const {
    json::Writer json;
    json.open('{').key("session_id").string(session_id_);
    write_metadata(json, origin_, stream_.attempts(), stream_.upstream_json(), memory);
    json.close('}');
    return std::move(json).take();
  }

  /// What came before is not kept: a turn is stored as one, or not at all.
  std::string broken(const Error& error) const {
    json::Writer json;
    begin_offline(json, stream_.source(), offline_reason(error.code), "The answer broke off");
    json.key("session_id").string(session_id_).close('}');
    return std::move(json).take();
  }

  std::shared_ptr<const Context> context_;
  ChatTurn turn_;
  std::string session_id_;
  std::string user_id_;
  ChatStream stream_;
  ChatOrigin origin_;
  std::string text_ = {};
  bool over_ = false;
};

}  // namespace

bool wants_events(const HttpRequest& request) noexcept {
  return request.headers.get("Accept").find("text/event-stream") != std::string_view::npos;
}

Task<StreamedResponse> stream_chat(std::shared_ptr<const Context> context,
                                   const HttpRequest& request, Deadline deadline) {
  const OperatorApiOptions& with = context->options;
  auto turn = co_await open_turn(*context, request);
  if (!turn) co_return StreamedResponse(std::move(turn.error()), nullptr);
  std::string session_id = turn->chat.session_id;
  std::string user_id = turn->chat.user_id;

  auto stream = co_await with.router->async_stream(std::move(turn->chat), std::move(deadline));
  context->metrics.attempted(stream ? stream->attempts() : stream.error().attempts);
  if (!stream) {
    co_return StreamedResponse(offline(session_id, stream.error(), with.primary), nullptr);
  }
  auto events =
      std::make_unique<ChatEvents>(std::move(context), *std::move(turn), std::move(session_id),
                                   std::move(user_id), std::move(*stream));
  HttpResponse head(200, "text/event-stream", {});
  head.headers.add("X-Accel-Buffering", "no");  // nginx passes pieces on at once
  co_return StreamedResponse(std::move(head), std::move(events));
}

}  // namespace vx11::inline v0::endpoints
