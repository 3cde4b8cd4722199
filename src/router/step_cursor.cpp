#include "router/step_cursor.hpp"

namespace vx11 {
inline namespace v0 {

std::optional<std::size_t> StepCursor::next(const ChatAttemptState& state) noexcept {
  if (beside_ && returned_ == RouteSteps::kMostBeside) return std::nullopt;
  const std::size_t jump = state.next_step().value_or(0);
  if (jump > step_) enter(jump, state);
  for (; step_ < steps_->size(); enter(step_ + 1, state)) {
    const std::optional<std::size_t> member = choose(state);
    if (!member) continue;
    tried_.set(*member);
    member_ = *member;
    ++returned_;
    return steps_->at(step_).first + member_;
  }
  return std::nullopt;
}

Balancer* StepCursor::balancer() const noexcept {
  return steps_ == nullptr || step_ >= steps_->size() ? nullptr : steps_->at(step_).balancer.get();
}

void StepCursor::enter(std::size_t step, const ChatAttemptState& state) noexcept {
  step_ = step;
  began_ = state.attempts().size();
  tried_.reset();
}

/// A group of which no member can be used is asked nevertheless, so that the ledger says why.
std::optional<std::size_t> StepCursor::choose(const ChatAttemptState& state) noexcept {
  const RouteStep& step = steps_->at(step_);
  if (!step.balancer) return tried_.none() ? std::optional<std::size_t>(0) : std::nullopt;
  if (asked(state) >= step.max_targets) return std::nullopt;
  std::optional<std::size_t> member = step.balancer->pick(tried_, state.session());
  if (!member && tried_.none()) member = step.balancer->earliest().value_or(0);
  return member;
}

/// Targets that were not sent a request do not count.
std::size_t StepCursor::asked(const ChatAttemptState& state) const noexcept {
  std::size_t count = 0;
  for (const Attempt& attempt : state.attempts().subspan(began_)) {
    const bool passed_by =
        attempt.outcome == Outcome::circuit_open || attempt.outcome == Outcome::asleep;
    count += passed_by ? 0 : 1;
  }
  return count;
}

}  // namespace v0
}  // namespace vx11
