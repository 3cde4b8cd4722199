#pragma once

/// \file
/// One target that is being asked, perhaps for longer than its chat lasts. Internal.

#include <vx11/detail/event_set.hpp>
#include <vx11/router.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "router/chat_attempt_state.hpp"
#include "router/router_impl.hpp"
#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

/// A call that belongs to a chat until it has ended or the chat detaches it. A detached call
/// runs to its own limit, records its outcome, and frees itself.
///
/// Owns everything it uses, since the chat may be gone. Only of the router it owns a share from
/// `detach` on: until then the caller of the chat keeps that alive. Except for its end, which may
/// happen on any thread, it is used by one thread at a time.
class TargetCall {
 public:
  using Events = detail::EventSet;

  TargetCall(const RouterCore& router, const RouterTarget& target)
      : router_(router), target_(target) {}
  TargetCall(const TargetCall&) = delete;
  TargetCall& operator=(const TargetCall&) = delete;
  virtual ~TargetCall() = default;

  /// Starts it; its end is the event `bit`.
  /// \return whether it has ended already, without an event
  bool start(Events& events, Events::Set bit) noexcept {
    events_ = &events;
    bit_ = bit;
    slow_at_ = saturated_add(began(), slow_after());
    return begin(&ended, this);
  }
  /// Evaluates the result for the chat, once it has ended.
  virtual void settle(ChatAttemptState& state) = 0;
  /// Evaluates the result for the breaker and the percentile alone.
  virtual void settle_alone() noexcept = 0;
  /// The time of the breaker's admission check.
  virtual TimePoint began() const noexcept = 0;
  /// When the next target is asked beside it.
  TimePoint slow_at() const noexcept { return slow_at_; }
  const RouterTarget& target() const noexcept { return target_; }
  std::size_t entry = 0;  ///< In the chat's ledger.
  /// Keeps the place of a last resort until the call has ended.
  void hold(LastResorts::Place&& place) noexcept { place_ = std::move(place); }

  /// Leaves the call to itself.
  /// \return null; or the call, if it has ended meanwhile: its event happens, or has happened
  static std::unique_ptr<TargetCall> detach(std::unique_ptr<TargetCall> call, Overtaken how);

 protected:
  /// Starts the work. \return whether it has ended; otherwise `wake(whom)` follows
  virtual bool begin(void (*wake)(void*), void* whom) noexcept = 0;
  virtual Duration slow_after() const noexcept = 0;

  TargetState& target_state() const noexcept { return router_.state_of(target_); }
  std::stop_source stop_source() const noexcept { return stop_; }
  std::stop_token stop_token() const noexcept { return stop_.get_token(); }

 private:
  enum class Stage : std::uint8_t { of_chat, on_its_own, ended };

  static void ended(void* self);
  bool take_observer() noexcept;

  const RouterCore& router_;
  std::shared_ptr<const RouterCore> kept_ = nullptr;  ///< The router, once detached.
  const RouterTarget& target_;
  TimePoint slow_at_ = TimePoint::max();
  std::stop_source stop_ = {};
  Events* events_ = nullptr;
  Events::Set bit_ = 0;
  bool observed_ = false;
  std::atomic<Stage> stage_{Stage::of_chat};
  LastResorts::Place place_ = {};
};

/// A call for a whole answer.
class WholeCall final : public TargetCall {
 public:
  /// Makes the request, in place; if `target` is to be skipped, `state` records why.
  WholeCall(const RouterCore& router, const RouterTarget& target, ChatAttemptState& state)
      : TargetCall(router, target),
        encoded_(state.prepare(target)),
        limit_(TimePoint::max(), stop_token()) {}

  /// Whether there is a request to send.
  bool prepared() const noexcept { return encoded_.has_value(); }
  /// Asks the breaker; `total` is the deadline of the chat. Call once, before `start`.
  void acquire(const CallOptions& options, const Deadline& total) {
    sending_.emplace(options, encoded_->request, limit_, total);
  }

  void settle(ChatAttemptState& state) override;
  void settle_alone() noexcept override;
  TimePoint began() const noexcept override { return sending_->began(); }

 protected:
  bool begin(void (*wake)(void*), void* whom) noexcept override {
    return sending_->start(wake, whom);
  }
  Duration slow_after() const noexcept override;

 private:
  Result<EncodedChat> encoded_;
  Deadline limit_;  ///< Without the chat's: it ends by its own limit.
  std::optional<SendThroughBreaker> sending_ = std::nullopt;  ///< Set by `acquire`.
};

}  // namespace v0
}  // namespace vx11
