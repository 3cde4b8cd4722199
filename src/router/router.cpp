#include <vx11/router.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "router/attempt_spans.hpp"
#include "router/chat_attempt_state.hpp"
#include "router/race.hpp"
#include "router/router_impl.hpp"
#include "router/send_through_breaker.hpp"
#include "router/validate.hpp"
#include "threads/blocking_wait.hpp"

namespace vx11 {
inline namespace v0 {

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::answered:
      return "answered";
    case Outcome::circuit_open:
      return "circuit_open";
    case Outcome::unreachable:
      return "unreachable";
    case Outcome::timeout:
      return "timeout";
    case Outcome::error:
      return "error";
    case Outcome::invalid_reply:
      return "invalid_reply";
    case Outcome::asleep:
      return "asleep";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::exhausted:
      return "exhausted";
    case Outcome::overtaken:
      return "overtaken";
    case Outcome::unsupported:
      return "unsupported";
  }
  return "unknown";
}

Result<Router> Router::create(RouterOptions options) {
  if (Result<void> checked = complete(options); !checked) return fail(std::move(checked.error()));
  return Router(std::make_shared<const Impl>(std::move(options)));
}

Task<Result<ChatReply, ChatFailure>> Router::Impl::ask(const ChatRequest& chat,
                                                       Deadline deadline) const {
  const Deadline total = deadline.capped(options.clock.now(), options.total_timeout);
  copy_to_shadow(chat, total);
  ChatAttemptState state(chat, steps.get());
  TargetSequence sequence(options, last_resorts, steps.get(), beside());
  while (const RouterTarget* const target = sequence.next(state)) {
    const Result<EncodedChat> encoded = state.prepare(*target);
    if (!encoded) continue;
    const CallOptions call = sequence.call_options(*target);
    SendThroughBreaker sending(call, encoded->request, total);
    state.conclude(*target, co_await sending);
  }
  state.settle();
  state.report(options.events);
  if (chat.trace) trace_chat(chat, options, state.attempts(), state.answer(), false);
  if (!state.answered()) co_return tl::unexpected(state.failure());
  co_return std::move(state.reply());
}

Task<Result<ChatReply, ChatFailure>> Router::Impl::ask_beside(const ChatRequest& chat,
                                                              Deadline deadline) const {
  const Deadline total = deadline.capped(options.clock.now(), options.total_timeout);
  copy_to_shadow(chat, total);
  ChatAttemptState state(chat, steps.get());
  TargetSequence sequence(options, last_resorts, steps.get(), beside());
  const auto call = [&](const RouterTarget& target) -> std::unique_ptr<TargetCall> {
    auto made = std::make_unique<WholeCall>(*this, target, state);
    if (!made->prepared()) return nullptr;
    made->acquire(sequence.call_options(target), total);
    made->hold(sequence.take_place());
    return made;
  };
  Race race(*this, state, total);
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
  state.settle();
  state.report(options.events);
  if (chat.trace) trace_chat(chat, options, state.attempts(), state.answer(), false);
  if (!state.answered()) co_return tl::unexpected(state.failure());
  co_return std::move(state.reply());
}

/// The call keeps the graph alive, not the router, which may be replaced while it runs.
Task<Result<ChatReply, ChatFailure>> Router::Impl::ask_owned(std::shared_ptr<const Impl> self,
                                                             ChatRequest chat, Deadline deadline) {
  Task<Result<ChatReply, ChatFailure>> asking = self->start(chat, std::move(deadline));
  co_return co_await std::move(asking);
}

Task<Result<ChatReply, ChatFailure>> Router::async_ask(ChatRequest chat, Deadline deadline) const {
  return Impl::ask_owned(impl_, std::move(chat), std::move(deadline));
}

Task<Result<ChatReply, ChatFailure>> Router::async_ask(
    std::reference_wrapper<const ChatRequest> chat, Deadline deadline) const {
  return impl_->start(chat, std::move(deadline));
}

Result<ChatReply, ChatFailure> Router::ask(const ChatRequest& chat, Deadline deadline) const {
  const std::vector<RouterTarget>& targets = impl_->options.targets;
  const auto suspends = [](const RouterTarget& target) { return !target.transport->blocks(); };
  if (waits_for_itself(std::any_of(targets.begin(), targets.end(), suspends))) {
    return tl::unexpected<ChatFailure>(ChatFailure(refuse_to_wait("async_ask").value()));
  }
  return sync_wait(async_ask(std::cref(chat), std::move(deadline)));
}

std::shared_ptr<CircuitBreaker> Router::breaker(std::string_view target) const {
  for (const RouterTarget& each : impl_->options.targets) {
    if (each.name == target) return each.breaker;
  }
  const std::optional<RouterShadow>& shadow = impl_->options.shadow;
  if (shadow && shadow->target.name == target) return shadow->target.breaker;
  return nullptr;
}

std::shared_ptr<const Balancer> Router::balancer(std::string_view group) const {
  return impl_->steps ? impl_->steps->balancer(group) : nullptr;
}

std::vector<std::string> Router::targets() const {
  std::vector<std::string> names;
  for (const RouterTarget& each : impl_->options.targets) names.push_back(each.name);
  return names;
}

}  // namespace v0
}  // namespace vx11
