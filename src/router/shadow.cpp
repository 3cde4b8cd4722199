#include "router/shadow.hpp"

#include <utility>

#include "router/chat_attempt_state.hpp"
#include "router/router_impl.hpp"
#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

/// Owns everything that a call uses, and frees itself when it has ended.
class Shadow::Call {
 public:
  Call(std::shared_ptr<const RouterCore> router, Shadow& shadow, HttpRequest&& request)
      : router_(std::move(router)),
        shadow_(shadow),
        request_(std::move(request)),
        sending_(options(), request_, limit_) {}

  static void run(std::unique_ptr<Call> call) noexcept {
    Call* const running = call.release();
    if (running->sending_.start(&ended, running)) ended(running);
  }

 private:
  CallOptions options() const noexcept {
    const RouterTarget& target = shadow_.options_.target;
    CallOptions call(target.name, *target.transport, target.try_timeout, router_->options.clock,
                     target.breaker.get(), target.linked.get());
    call.total_timeout = target.total_timeout;
    return call;
  }
  static void ended(void* self) {
    const std::unique_ptr<Call> call(static_cast<Call*>(self));
    try {
      judge(call->shadow_.options_.target, call->sending_.result());
    } catch (...) {  // out of memory: nothing is known of the target
    }
    call->shadow_.leave();
  }

  std::shared_ptr<const RouterCore> router_;
  Shadow& shadow_;
  HttpRequest request_;
  Deadline limit_ = {};
  SendThroughBreaker sending_;
};

/// The n-th chat is copied if the whole number of copies grows with it: shares are exact.
bool Shadow::is_due() noexcept {
  const auto number = static_cast<double>(chats_.fetch_add(1, std::memory_order_relaxed));
  const auto so_far = static_cast<std::uint64_t>(number * options_.share);
  return static_cast<std::uint64_t>((number + 1) * options_.share) != so_far;
}

bool Shadow::take_place() noexcept {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < options_.max_in_flight) return true;
  leave();
  return false;
}

void Shadow::copy(std::shared_ptr<const RouterCore> router, const ChatRequest& chat) noexcept {
  if (!is_due() || !take_place()) return;
  try {
    ChatAttemptState state(chat);
    state.leave_trace();
    Result<EncodedChat> encoded = state.prepare(options_.target);
    if (encoded) {
      return Call::run(
          std::make_unique<Call>(std::move(router), *this, std::move(encoded->request)));
    }
  } catch (...) {  // out of memory: the chat itself may still succeed
  }
  leave();
}

}  // namespace v0
}  // namespace vx11
