#include <vx11/router.hpp>

#include <functional>
#include <optional>
#include <utility>

#include "http/media_type.hpp"
#include "router/chat_attempt_state.hpp"
#include "router/chat_stream_impl.hpp"
#include "router/router_impl.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Options = std::shared_ptr<const RouterOptions>;

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

/// How one target can be asked: as a stream only if both its transport and its dialect can.
struct Ability {
  Ability() = default;

  StreamingTransport* transport = nullptr;
  std::unique_ptr<ChatEventReader> reader = {};

  AnswerForm form() const noexcept {
    return transport != nullptr && reader != nullptr ? AnswerForm::stream : AnswerForm::whole;
  }
};

Ability ability_of(const RouterTarget& target) {
  Ability ability;
  ability.transport = dynamic_cast<StreamingTransport*>(target.transport.get());
  try {
    ability.reader = target.dialect->event_reader();
  } catch (...) {  // asked for the whole answer
  }
  return ability;
}

/// Calls one target: stores its answer or failure in `state`, or returns the stream it opened.
Task<std::optional<ChatStream>> try_target(Options options, const RouterTarget& target,
                                           Ability ability, CallOptions call,
                                           ChatAttemptState& state, const HttpRequest& request,
                                           const Deadline& total) {
  if (ability.form() == AnswerForm::whole) {
    SendThroughBreaker sending(call, request, total);
    state.conclude(target, co_await sending);
    co_return std::nullopt;
  }
  const TimePoint start = options->clock.now();
  const Deadline limited = total.capped(start, target.try_timeout);
  OpenedSend opened = co_await open_through_breaker(call, *ability.transport, request, total);
  SendResult& result = opened.result;
  if (!result.response || !result.response->ok()) {
    state.conclude(target, result);
    co_return std::nullopt;
  }
  if (!endpoints::is_event_stream(result.response->headers.get("Content-Type"))) {
    const Result<void> whole = co_await complete(*result.response, *opened.body, limited);
    result.elapsed = options->clock.now() - start;
    if (whole) {
      state.conclude(target, result);
      co_return std::nullopt;
    }
    const Errc code = total.cancelled() ? Errc::cancelled : whole.error().code;
    result.conclude(verdict_on(code));
    state.broke(target, safe_error(target.name, code), result.elapsed);
    co_return std::nullopt;
  }
  auto stream = std::make_unique<detail::ChatStreamAccess::Impl>(
      std::move(options),
      OpenedStream(target.name, std::move(opened), std::move(ability.reader), start));
  const Result<void> begun = co_await stream->begin(limited);
  if (!begun) {
    state.broke(target, begun.error(), stream->elapsed());
    co_return std::nullopt;
  }
  state.take(target, ChatAnswer(), stream->elapsed());
  stream->reply = std::move(state.reply());
  stream->reply.attempts.back().first_piece = stream->reply.attempts.back().elapsed;
  std::optional<ChatStream> made = detail::ChatStreamAccess::make(std::move(stream));
  co_return std::move(made);
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
    Ability ability = ability_of(*target);
    Result<HttpRequest> request = state.prepare(*target, ability.form());
    if (!request) continue;
    const CallOptions call = sequence.call_options(*target);
    std::optional<ChatStream> stream =
        co_await try_target(options, *target, std::move(ability), call, state, *request, total);
    if (stream) co_return std::move(*stream);
  }
  if (!state.answered()) co_return tl::unexpected(state.failure());
  co_return detail::ChatStreamAccess::whole(std::move(state.reply()));
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
