#include "operator/chat_events.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "http/media_type.hpp"
#include "operator/streamed_chat.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// The events of a chat as the body of a response.
class ChatEvents final : public BodyStream {
 public:
  explicit ChatEvents(std::shared_ptr<StreamedChat> chat) : chat_(std::move(chat)) {}
  ~ChatEvents() override { chat_->leave(); }

  /// The request's stop token counts, not `deadline`: the API was given it when the chat began.
  Task<Result<std::string>> next(Deadline /*deadline*/) override {
    if (chat_->out.demand()) return Result<std::string>(chat_->out.take());
    return wait();
  }
  bool ended() const noexcept override { return chat_->out.is_over(); }

 private:
  Task<Result<std::string>> wait() {
    Handover::Wanted wanted(chat_->out);
    co_await wanted;
    co_return chat_->out.take();
  }

  std::shared_ptr<StreamedChat> chat_;
};

HttpResponse event_stream_head() {
  // Python's requests decodes text without a charset as Latin-1.
  HttpResponse head(200, "text/event-stream; charset=utf-8", {});
  head.headers.add("Cache-Control", "no-store, no-transform");  // a compressor would hold pieces
  head.headers.add("X-Accel-Buffering", "no");  // nginx forwards pieces without buffering
  return head;
}

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
  ChatTurn turn(*context);
  auto refused = turn.read(call.request);
  if (refused) co_return StreamedResponse(*std::move(refused), nullptr);
  auto chat =
      std::make_shared<StreamedChat>(std::move(context), std::move(turn), call.deadline, since);
  chat->start();
  Handover::Wanted begun(chat->out);
  co_await begun;
  if (chat->whole) co_return StreamedResponse(*std::move(chat->whole), nullptr);
  co_return StreamedResponse(event_stream_head(), std::make_unique<ChatEvents>(std::move(chat)));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
