#include "router/router_impl.hpp"

#include <algorithm>
#include <cstddef>

#include "router/race.hpp"

namespace vx11 {
inline namespace v0 {

static_assert(RouteSteps::kMostBeside == Race::kMostTargets);

namespace {

/// Nothing can be asked beside a call that blocks its thread.
bool asks_beside(const RouterOptions& options, const RouteSteps* steps) noexcept {
  const auto suspends = [](const RouterTarget& target) { return !target.transport->blocks(); };
  const std::size_t most = steps == nullptr ? options.targets.size() : steps->max_targets();
  return options.timer != nullptr && most <= Race::kMostTargets &&
         std::any_of(options.targets.begin(), options.targets.end(), suspends);
}

}  // namespace

RouterCore::RouterCore(RouterOptions complete)
    : options(std::move(complete)),
      last_resorts(options.last_resorts),
      steps(RouteSteps::make(options)),
      shadow(options.shadow ? std::make_unique<Shadow>(*options.shadow) : nullptr),
      states_(std::make_unique<TargetState[]>(options.targets.size())),
      alarms_(dynamic_cast<detail::AlarmTimer*>(options.timer.get())),
      beside_(asks_beside(options, steps.get())) {}

TargetState& RouterCore::state_of(const RouterTarget& target) const noexcept {
  return states_[static_cast<std::size_t>(&target - options.targets.data())];
}

void RouterCore::make_alarm(detail::AlarmSlot& slot, detail::Alarm::Ring ring, void* whom) const {
  if (alarms_ != nullptr) return alarms_->make_alarm(slot, ring, whom);
  slot.emplace<detail::SleepAlarm>(*options.timer, ring, whom);
}

}  // namespace v0
}  // namespace vx11
