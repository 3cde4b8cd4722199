#include "operator/chat_events.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "front/chat_relay.hpp"
#include "http/media_type.hpp"
#include "operator/chat_form.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

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
  ChatTurn turn(*context, call.principal);
  auto refused = turn.read(call);
  if (refused) co_return StreamedResponse(*std::move(refused), nullptr);
  const OperatorApiOptions& with = context->options;
  RelayOptions options(with.stream, with.timer.get(), with.clock,
                       context->counts_chats() ? context->chats.get() : nullptr);
  auto form = std::make_unique<OperatorChatForm>(std::move(context), std::move(turn), call);
  auto relay =
      std::make_shared<ChatRelay>(std::move(options), std::move(form), call.deadline, since);
  Task<StreamedResponse> answering = answer_with(std::move(relay));
  co_return co_await std::move(answering);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
