#include <vx11/router.hpp>

#include <functional>
#include <utility>

#include "router/attempt_spans.hpp"
#include "router/chat_attempt_state.hpp"
#include "router/chat_stream_impl.hpp"
#include "router/race.hpp"
#include "router/router_impl.hpp"
#include "router/stream_call.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Stream = OpenedAnswer::Stream;

/// The answer: a stream that has begun, or a complete one.
Result<ChatStream, ChatFailure> streamed(std::unique_ptr<Stream> stream, ChatAttemptState& state,
                                         const RouterOptions& options) {
  state.settle();
  state.report(options.events);
  const ChatRequest& chat = state.chat();
  if (chat.trace && !stream) trace_chat(chat, options, state.attempts(), state.answer(), true);
  if (!state.answered()) return tl::unexpected(state.failure());
  if (!stream) return detail::ChatStreamAccess::whole(std::move(state.reply()));
  stream->reply = std::move(state.reply());
  Attempt& own = stream->own_attempt();
  own.first_piece = own.elapsed;
  if (chat.trace) stream->trace_with(chat);
  return detail::ChatStreamAccess::make(std::move(stream));
}

}  // namespace

Task<Result<ChatStream, ChatFailure>> Router::Impl::stream_in_turn(std::shared_ptr<const Impl> self,
                                                                   const ChatRequest& chat,
                                                                   Deadline deadline) {
  const std::shared_ptr<const RouterOptions> options(self, &self->options);
  const Deadline total = deadline.capped(options->clock.now(), options->total_timeout);
  self->copy_to_shadow(chat, total);
  ChatAttemptState state(chat, self->steps.get());
  TargetSequence sequence(self->options, self->last_resorts, self->steps.get(), self->beside());
  std::unique_ptr<Stream> stream;
  while (const RouterTarget* const target = sequence.next(state)) {
    StreamAbility ability(*target, chat);
    const Result<EncodedChat> encoded = state.prepare(*target, ability.form());
    if (!encoded) continue;
    Task<OpenedAnswer> opening =
        open_answer(options, *target, std::move(ability), sequence.call_options(*target),
                    encoded->request, total, total);
    OpenedAnswer answer = co_await std::move(opening);
    stream = answer.settle(*target, state, state.enter(*target));
  }
  co_return streamed(std::move(stream), state, *options);
}

Task<Result<ChatStream, ChatFailure>> Router::Impl::stream_beside(std::shared_ptr<const Impl> self,
                                                                  const ChatRequest& chat,
                                                                  Deadline deadline) {
  const RouterOptions& options = self->options;
  const Deadline total = deadline.capped(options.clock.now(), options.total_timeout);
  self->copy_to_shadow(chat, total);
  ChatAttemptState state(chat, self->steps.get());
  TargetSequence sequence(self->options, self->last_resorts, self->steps.get(), self->beside());
  std::unique_ptr<Stream> stream;
  const auto call = [&](const RouterTarget& target) -> std::unique_ptr<TargetCall> {
    StreamAbility ability(target, chat);
    Result<EncodedChat> encoded = state.prepare(target, ability.form());
    if (!encoded) return nullptr;
    auto made = std::make_unique<StreamCall>(
        *self, std::shared_ptr<const RouterOptions>(self, &options), target, std::move(ability),
        sequence.call_options(target), std::move(encoded->request), total, stream);
    made->hold(sequence.take_place());
    return made;
  };
  Race race(*self, state, total);
  while (!race.over()) {
    while (race.wants_next()) start_next(race, state, sequence, call);
    if (race.over()) break;
    auto changed = race.changed();
    co_await changed;
    race.look();
  }
  race.end();
  while (race.pending()) {
    auto changed = race.changed();
    co_await changed;
    race.look();
  }
  co_return streamed(std::move(stream), state, options);
}

Task<Result<ChatStream, ChatFailure>> Router::Impl::stream(std::shared_ptr<const Impl> self,
                                                           const ChatRequest& chat,
                                                           Deadline deadline) {
  return self->beside() ? stream_beside(std::move(self), chat, std::move(deadline))
                        : stream_in_turn(std::move(self), chat, std::move(deadline));
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
