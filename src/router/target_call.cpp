#include "router/target_call.hpp"

namespace vx11 {
inline namespace v0 {

void TargetCall::ended(void* self) {
  auto* const call = static_cast<TargetCall*>(self);
  Events& events = *call->events_;
  const Events::Set bit = call->bit_;
  if (call->stage_.exchange(Stage::ended, std::memory_order_acq_rel) == Stage::of_chat) {
    return events.happen(bit);
  }
  const std::unique_ptr<TargetCall> last(call);
  last->settle_alone();
  if (last->observed_) last->target_state().observed.fetch_sub(1, std::memory_order_relaxed);
}

/// At most a few calls of a target are observed at a time: each costs a connection, and a few say
/// as much about the upstream as many.
bool TargetCall::take_observer() noexcept {
  std::atomic<int>& observed = target_state().observed;
  if (observed.fetch_add(1, std::memory_order_relaxed) < TargetState::kMostObserved) return true;
  observed.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

std::unique_ptr<TargetCall> TargetCall::detach(std::unique_ptr<TargetCall> call, Overtaken how) {
  call->observed_ = how == Overtaken::observe && call->take_observer();
  const bool observed = call->observed_;
  call->kept_ = call->router_.shared_from_this();
  // Once it is on its own, it may be freed at any time: what is needed to stop it is copied.
  std::stop_source stop = observed ? std::stop_source(std::nostopstate) : call->stop_;
  Stage stage = Stage::of_chat;
  if (!call->stage_.compare_exchange_strong(stage, Stage::on_its_own, std::memory_order_acq_rel)) {
    if (observed) call->target_state().observed.fetch_sub(1, std::memory_order_relaxed);
    return call;
  }
  static_cast<void>(call.release());
  if (!observed) stop.request_stop();
  return nullptr;
}

void WholeCall::settle(ChatAttemptState& state) {
  SendResult& result = sending_->result();
  state.conclude(target(), result, entry);
  if (state.answered()) target_state().whole.add(result.elapsed);
}

void WholeCall::settle_alone() noexcept {
  try {
    SendResult& result = sending_->result();
    const Verdict verdict = judge(target(), result);
    if (verdict == Verdict::success) target_state().whole.add(result.elapsed);
  } catch (...) {  // out of memory: nothing is known of the upstream
  }
}

Duration WholeCall::slow_after() const noexcept {
  return slow_after_of(target(), target_state().whole);
}

}  // namespace v0
}  // namespace vx11
