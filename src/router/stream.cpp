#include <vx11/router.hpp>

#include <functional>
#include <optional>
#include <utility>

#include "router/chat_attempt_state.hpp"
#include "router/chat_stream_impl.hpp"
#include "router/router_impl.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Options = std::shared_ptr<const RouterOptions>;

bool is_event_stream(const HttpResponse& response) {
  const std::string_view type = response.headers.get("Content-Type");
  return equals_ignoring_case(type.substr(0, type.find(';')), "text/event-stream");
}

/// Reads to the end: the upstream sent a complete answer.
Task<Result<void>> complete(HttpResponse& response, BodyStream& body, Deadline deadline) {
  constexpr std::size_t kMost = 4 * 1024 * 1024;
  for (;;) {
    Result<std::string> piece = co_await body.next(deadline);
    if (!piece) co_return fail(std::move(piece.error()));
    if (piece->empty()) co_return Result<void>();
    if (response.body.size() + piece->size() > kMost) co_return fail(Errc::too_large);
    response.body += *piece;
  }
}

/// Calls one target: stores its answer or failure in `state`, or returns the stream it opened.
Task<std::optional<ChatStream>> try_target(Options options, const RouterTarget& target,
                                           CallOptions call, ChatAttemptState& state,
                                           const HttpRequest& request, const Deadline& total) {
  auto* const streaming = dynamic_cast<StreamingTransport*>(target.transport.get());
  if (streaming == nullptr) {
    SendThroughBreaker sending(call, request, total);
    state.conclude(target, co_await sending);
    co_return std::nullopt;
  }
  const TimePoint start = options->clock.now();
  const Deadline limited = total.capped(start, target.try_timeout);
  OpenedSend opened = co_await open_through_breaker(call, *streaming, request, total);
  SendResult& result = opened.result;
  const auto elapsed = [&] { return options->clock.now() - start; };
  const auto broke = [&](Errc code) {
    state.broke(target, result, safe_error(target.name, total.cancelled() ? Errc::cancelled : code),
                elapsed());
  };
  if (!result.response || !result.response->ok()) {
    state.conclude(target, result);
    co_return std::nullopt;
  }
  if (!is_event_stream(*result.response)) {
    const Result<void> whole = co_await complete(*result.response, *opened.body, limited);
    result.elapsed = elapsed();
    whole ? state.conclude(target, result) : broke(whole.error().code);
    co_return std::nullopt;
  }
  EventSource events(std::move(opened.body));
  Result<std::optional<SseEvent>> first = co_await events.next(limited);
  const bool begun = first && *first && (*first)->name == "message";
  if (!begun) {
    broke(first ? Errc::invalid_reply : first.error().code);
    co_return std::nullopt;
  }
  state.take(target, ChatAnswer(), elapsed());
  ChatStream stream = detail::ChatStreamAccess::make(std::move(options), std::move(state.reply()),
                                                     std::move(result), std::move(events),
                                                     piece_of(std::move(**first)));
  co_return std::optional<ChatStream>(std::move(stream));
}

}  // namespace

Task<Result<ChatStream, ChatFailure>> Router::Impl::stream(std::shared_ptr<const Impl> self,
                                                           const ChatRequest& chat,
                                                           Deadline deadline) {
  const Options options(self, &self->options);
  const Deadline total = deadline.capped(options->clock.now(), options->total_timeout);
  ChatAttemptState state(chat);
  TargetSequence sequence(*options, self->last_resorts);
  while (const RouterTarget* const target = sequence.next(state)) {
    Result<HttpRequest> request = state.prepare(*target);
    if (!request) continue;
    request->headers.set("Accept", "text/event-stream, application/json");
    const CallOptions call = sequence.call_options(*target);
    std::optional<ChatStream> stream =
        co_await try_target(options, *target, call, state, *request, total);
    if (stream) co_return std::move(*stream);
  }
  if (!state.answered()) co_return tl::unexpected(state.failure());
  co_return detail::ChatStreamAccess::make(std::move(state.reply()));
}

Task<Result<ChatStream, ChatFailure>> Router::Impl::stream_owned(std::shared_ptr<const Impl> self,
                                                                 ChatRequest chat,
                                                                 Deadline deadline) {
  Task<Result<ChatStream, ChatFailure>> asking = stream(std::move(self), chat, std::move(deadline));
  co_return co_await std::move(asking);
}

Task<Result<ChatStream, ChatFailure>> Router::async_stream(ChatRequest chat,
                                                           Deadline deadline) const {
  return Impl::stream_owned(impl_, std::move(chat), std::move(deadline));
}

Task<Result<ChatStream, ChatFailure>> Router::async_stream(
    std::reference_wrapper<const ChatRequest> chat, Deadline deadline) const {
  return Impl::stream(impl_, chat, std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
