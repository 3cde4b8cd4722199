// Windows that callers ask for.
#include <vx11/session.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "power/governor_impl.hpp"
#include "power/names.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::seconds;

PowerRefusal refuse(std::string reason, std::string message, std::string action) {
  return {.reason = std::move(reason),
          .message = std::move(message),
          .recommended_action = std::move(action)};
}

}  // namespace

PowerGovernor::Command& PowerGovernor::Command::operator=(Command&& other) noexcept {
  std::swap(governor_, other.governor_);
  return *this;
}

PowerGovernor::Command::~Command() {
  if (governor_ == nullptr) return;
  {
    const std::lock_guard lock(governor_->state->mutex);
    --governor_->state->commands;
  }
  governor_->state->is_changed.store(true, std::memory_order_relaxed);
}

void PowerGovernor::Command::opened(const WindowRequest& window, const Result<MadreReply>& reply) {
  if (governor_ == nullptr) return;
  PowerOrder order{.window = window, .source = PowerSource::caller};
  std::string id = opened_window(reply);
  if (id.empty()) {
    if (!may_come_late(reply)) return;
    const std::lock_guard lock(governor_->state->mutex);
    governor_->state->late_open =
        LateOpen{.order = std::move(order), .since = governor_->options.clock.now()};
    return;
  }
  MadeDecisions made;
  {
    const std::lock_guard lock(governor_->state->mutex);
    governor_->add_opened(made, order, std::move(id));
  }
  governor_->deliver(made);
}

PowerGovernor::Command PowerGovernor::begin() {
  const std::lock_guard lock(impl_->state->mutex);
  ++impl_->state->commands;
  return Command(impl_);
}

Result<PowerGovernor::Command, PowerRefusal> PowerGovernor::admit(const WindowRequest& window) {
  MadeDecisions made;
  std::optional<PowerRefusal> refused;
  {
    const std::lock_guard lock(impl_->state->mutex);
    refused = impl_->refusal(window, impl_->options.wall_clock.now());
    if (!refused) {
      ++impl_->state->commands;
      return Command(impl_);
    }
    // A caller who repeats it while a command is in progress would flush what is worth knowing.
    if (!refused->is_busy())
      impl_->decide(made, {.kind = PowerDecisionKind::refused,
                           .source = PowerSource::caller,
                           .services = window.services,
                           .ttl = window.ttl,
                           .reason = refused->reason});
  }
  impl_->deliver(made);
  const bool has_services = !window.services.empty();
  if (refused->service.empty() && has_services) refused->service = window.services.front();
  return tl::unexpected(*std::move(refused));
}

std::optional<PowerRefusal> PowerGovernor::Impl::refusal(const WindowRequest& window,
                                                         WallTime now) const {
  if (state->commands != 0) {
    return refuse("command_in_progress", "Another power command is in progress",
                  "Try again when it has ended");
  }
  const auto& allowed = options.bounds.services;
  for (const std::string& service : window.services) {
    if (allowed.empty() || contains(allowed, service)) continue;
    PowerRefusal refused =
        refuse("service_not_allowed", fmt::format("The service {} may not be opened", service),
               fmt::format("Open a window without it; allowed are {}", fmt::join(allowed, ", ")));
    refused.service = service;
    return refused;
  }
  if (auto refused = refusal_of_ttl(window, now)) return refused;
  return refusal_of_budget(window, now);
}

std::optional<PowerRefusal> PowerGovernor::Impl::refusal_of_ttl(const WindowRequest& window,
                                                                WallTime now) const {
  const PowerBounds& bounds = options.bounds;
  const bool is_allowed = bounds.hold && !options.budget.is_limited();
  if (!window.ttl && is_allowed) return std::nullopt;
  const bool is_short = window.ttl && *window.ttl < bounds.min_ttl;
  if (window.ttl && !is_short && *window.ttl <= bounds.max_ttl) return std::nullopt;
  const auto most = grantable(now, bounds.max_ttl);
  PowerRefusal refused =
      refuse(!window.ttl ? "hold_not_allowed" : (is_short ? "ttl_too_short" : "ttl_too_long"),
             !window.ttl ? "Windows may not be held open without an end"
                         : fmt::format("A window lasts {} to {} seconds", bounds.min_ttl.count(),
                                       bounds.max_ttl.count()),
             is_short ? fmt::format("Open it for at least {} seconds", bounds.min_ttl.count())
                      : fmt::format("Open it with a ttl of at most {} seconds", most.count()));
  refused.most = most;
  if (most < bounds.min_ttl) return refusal_of_budget({.ttl = bounds.min_ttl}, now);
  return refused;
}

std::optional<PowerRefusal> PowerGovernor::Impl::refusal_of_budget(const WindowRequest& window,
                                                                   WallTime now) const {
  if (!options.budget.is_limited() || !window.ttl) return std::nullopt;
  const seconds most = grantable(now, options.bounds.max_ttl);
  if (*window.ttl <= most) return std::nullopt;
  const seconds least = options.bounds.min_ttl;
  const WallTime free = free_at(options.budget, state->used, now, least);
  if (most >= least || free == now) {
    PowerRefusal refused =
        refuse("budget_too_small",
               fmt::format("The budget of open windows leaves {} seconds", most.count()),
               fmt::format("Open it with a ttl of at most {} seconds", most.count()));
    refused.most = most;
    return refused;
  }
  const std::string_view spent = spent_reason(options.budget, state->used, now);
  PowerRefusal refused = refuse(
      spent.empty() ? "budget_too_small" : std::string(spent),
      spent.empty() ? fmt::format("The budget leaves {} seconds, and a window lasts at least "
                                  "{} seconds",
                                  most.count(), least.count())
                    : "The budget of open windows is used up",
      fmt::format("Try again from {} on, or raise the budget", to_rfc3339(free)));
  refused.most = seconds(0);
  refused.available_at = free;
  return refused;
}

}  // namespace v0
}  // namespace vx11
