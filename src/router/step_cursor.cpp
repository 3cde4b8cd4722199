#include "router/step_cursor.hpp"

#include <algorithm>

namespace vx11 {
inline namespace v0 {

namespace {

/// Passed by before anything was asked of it, its breaker included.
bool is_skipped(const Attempt& attempt) noexcept {
  return attempt.outcome == Outcome::asleep || attempt.outcome == Outcome::unsupported;
}

}  // namespace

std::optional<std::size_t> StepCursor::next(const ChatAttemptState& state) noexcept {
  const std::size_t jump = state.next_step().value_or(0);
  if (jump > step_) enter(jump, state);
  for (; step_ < steps_->size(); enter(step_ + 1, state)) {
    const std::optional<std::size_t> member = choose(state);
    if (!member) continue;
    tried_.set(*member);
    member_ = *member;
    return steps_->at(step_).target_of(member_);
  }
  return std::nullopt;
}

Balancer* StepCursor::balancer() const noexcept {
  return steps_ == nullptr || step_ >= steps_->size() ? nullptr : steps_->at(step_).balancer.get();
}

StepCursor::StepCursor(const RouteSteps* steps, bool beside) noexcept
    : steps_(steps), beside_(beside) {
  if (steps != nullptr) tried_ = steps->at(0).absent;
}

void StepCursor::enter(std::size_t step, const ChatAttemptState& state) noexcept {
  step_ = step;
  began_ = state.attempts().size();
  if (step < steps_->size()) tried_ = steps_->at(step).absent;
}

/// A group of which no member can be used is asked nevertheless, so that the ledger says why.
std::optional<std::size_t> StepCursor::choose(const ChatAttemptState& state) noexcept {
  const RouteStep& step = steps_->at(step_);
  const bool is_first = tried_ == step.absent;
  if (!step.balancer) return is_first ? std::optional<std::size_t>(0) : std::nullopt;
  if (asked(state) >= step.max_targets || !has_place(state)) return std::nullopt;
  std::optional<std::size_t> member = step.balancer->pick(tried_, state.session());
  if (member || !only_skipped(state)) return member;
  member = step.balancer->earliest(tried_);
  if (!member && is_first) member = step.members.front();
  return member;
}

/// Targets that were not sent a request do not count.
std::size_t StepCursor::asked(const ChatAttemptState& state) const noexcept {
  std::size_t count = 0;
  for (const Attempt& attempt : state.attempts().subspan(began_)) {
    const bool is_rejected = attempt.outcome == Outcome::circuit_open;
    count += is_rejected || is_skipped(attempt) ? 0 : 1;
  }
  return count;
}

/// Whether nothing in this step has been asked, nor rejected by its breaker.
bool StepCursor::only_skipped(const ChatAttemptState& state) const noexcept {
  const auto own = state.attempts().subspan(began_);
  return std::all_of(own.begin(), own.end(), is_skipped);
}

/// Side by side, a chat has a limited number of calls, of which every later step keeps its own.
bool StepCursor::has_place(const ChatAttemptState& state) const noexcept {
  if (!beside_) return true;
  const auto all = state.attempts();
  const auto skipped = std::count_if(all.begin(), all.end(), is_skipped);
  const std::size_t started = all.size() - static_cast<std::size_t>(skipped);
  return started + steps_->max_targets_after(step_) < RouteSteps::kMostBeside;
}

}  // namespace v0
}  // namespace vx11
