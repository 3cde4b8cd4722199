#include <vx11/balancer.hpp>
#include <vx11/detail/mistakes.hpp>

#include <algorithm>

#include "router/balancer_impl.hpp"
#include "router/session_hash.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::uint32_t kMostWeight = 1000;

BalancerOptions clamped(BalancerOptions options) {
  if (auto* ewma = std::get_if<PeakEwma>(&options.policy)) {
    ewma->decay = std::max<Duration>(ewma->decay, std::chrono::milliseconds(1));
    ewma->failure_cost = std::max(ewma->failure_cost, Duration::zero());
  }
  for (Duration* time : {&options.default_cooldown, &options.max_cooldown, &options.slow_start}) {
    *time = std::max(*time, Duration::zero());
  }
  return options;
}

}  // namespace

Result<> validate(const BalancerOptions& options) {
  detail::Mistakes mistakes;
  if (const auto* ewma = std::get_if<PeakEwma>(&options.policy)) {
    mistakes.require(ewma->decay >= std::chrono::milliseconds(1), "policy.decay", "at least 1 ms");
    mistakes.require(ewma->failure_cost >= Duration::zero(), "policy.failure_cost", "at least 0");
  }
  mistakes.require(options.default_cooldown >= Duration::zero(), "default_cooldown", "at least 0");
  mistakes.require(options.max_cooldown >= Duration::zero(), "max_cooldown", "at least 0");
  mistakes.require(options.slow_start >= Duration::zero(), "slow_start", "at least 0");
  return std::move(mistakes).result();
}

Balancer::Impl::Impl(std::vector<BalancerMember> described, BalancerOptions with, SteadyClock by)
    : members(std::move(described)), options(clamped(std::move(with))), clock(by) {
  if (members.size() > kMostMembers) members.resize(kMostMembers);
  at = std::make_unique<Balanced[]>(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    at[i].weight = std::clamp(members[i].weight, 1U, kMostWeight);
    at[i].breaker = members[i].breaker.get();
    at[i].name_hash = stable_hash(members[i].name);
  }
}

bool Balancer::Impl::cooling(Balanced& member, LazyTime& now) noexcept {
  Duration::rep until = member.cool_until.load(std::memory_order_relaxed);
  if (until == 0) [[likely]]
    return false;
  if (now.get().time_since_epoch().count() < until) return true;
  member.cool_until.compare_exchange_strong(until, 0, std::memory_order_relaxed);
  return false;
}

/// While it is half-open, a call beside its probes would be rejected.
bool Balancer::Impl::admitted(Balanced& member, LazyTime& now) noexcept {
  if (member.breaker == nullptr) return true;
  const CircuitState state = member.breaker->state();
  if (options.slow_start > Duration::zero()) {
    const bool was_open = member.was_open.load(std::memory_order_relaxed);
    if (was_open != (state != CircuitState::closed)) {
      member.was_open.store(!was_open, std::memory_order_relaxed);
      const auto since = was_open ? now.get().time_since_epoch().count() : 0;
      member.ramp_since.store(since, std::memory_order_relaxed);
    }
  }
  if (state == CircuitState::closed) [[likely]]
    return true;
  return state == CircuitState::half_open && member.breaker->admission_wait() == Duration::zero();
}

double Balancer::Impl::weight(Balanced& member, LazyTime& now) noexcept {
  constexpr double kFirst = 0.1;
  Duration::rep since = member.ramp_since.load(std::memory_order_relaxed);
  if (since == 0) [[likely]]
    return member.weight;
  const auto passed = static_cast<double>(now.get().time_since_epoch().count() - since);
  const double share = passed / static_cast<double>(options.slow_start.count());
  if (share >= 1) member.ramp_since.compare_exchange_strong(since, 0, std::memory_order_relaxed);
  return member.weight * std::clamp(share, kFirst, 1.0);
}

Duration Balancer::Impl::wait(const Balanced& member, TimePoint now) const noexcept {
  const Duration cooling(member.cool_until.load(std::memory_order_relaxed) -
                         now.time_since_epoch().count());
  if (member.breaker == nullptr) return cooling;
  return std::max(cooling, member.breaker->admission_wait());
}

Balancer::Balancer(std::vector<BalancerMember> members, BalancerOptions options, SteadyClock clock)
    : impl_(std::make_unique<Impl>(std::move(members), std::move(options), clock)) {}
Balancer::~Balancer() = default;

std::optional<std::size_t> Balancer::pick(const Set& except, std::string_view session) noexcept {
  if (size() == 0) return std::nullopt;
  const BalancingPolicy& policy = impl_->options.policy;
  if (const auto* ewma = std::get_if<PeakEwma>(&policy)) return impl_->peak_ewma(except, *ewma);
  if (std::holds_alternative<WeightedRoundRobin>(policy)) return impl_->weighted(except);
  if (std::holds_alternative<LeastInFlight>(policy)) return impl_->least_in_flight(except);
  return impl_->sticky(except, session);
}

std::optional<std::size_t> Balancer::earliest(const Set& except) const noexcept {
  const TimePoint now = impl_->clock.now();
  std::optional<std::size_t> first;
  Duration least = Duration::max();
  for (std::size_t i = 0; i < size(); ++i) {
    if (except.test(i)) continue;
    const Duration wait = impl_->wait(impl_->at[i], now);
    if (wait >= least) continue;
    least = wait;
    first = i;
  }
  return first;
}

Balancer::Call Balancer::begin(std::size_t member) noexcept {
  Balanced& begun = impl_->at[member];
  begun.in_flight.fetch_add(1, std::memory_order_relaxed);
  begun.calls.fetch_add(1, std::memory_order_relaxed);
  return Call(*this, member);
}

void Balancer::end(std::size_t member) noexcept {
  impl_->at[member].in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void Balancer::observe(std::size_t member, Verdict verdict, Duration taken) noexcept {
  const auto* const ewma = std::get_if<PeakEwma>(&impl_->options.policy);
  if (ewma == nullptr) return;
  LatencyEstimate& latency = impl_->at[member].latency;
  const TimePoint now = impl_->clock.now();
  if (verdict == Verdict::neutral) return latency.at_least(taken, now, ewma->decay);
  if (verdict == Verdict::failure) taken = std::max(taken, ewma->failure_cost);
  latency.observe(taken, now, ewma->decay);
}

void Balancer::cool_down(std::size_t member, std::optional<Duration> retry_after) noexcept {
  const BalancerOptions& options = impl_->options;
  const Duration time =
      std::min(retry_after.value_or(options.default_cooldown), options.max_cooldown);
  if (time <= Duration::zero()) return;
  const auto until = saturated_add(impl_->clock.now(), time).time_since_epoch().count();
  std::atomic<Duration::rep>& latest = impl_->at[member].cool_until;
  Duration::rep seen = latest.load(std::memory_order_relaxed);
  while (seen < until && !latest.compare_exchange_weak(seen, until, std::memory_order_relaxed)) {
  }
  if (seen >= until) return;
  options.events(Event{.kind = EventKind::balancer_cooled_down,
                       .name = impl_->members[member].name,
                       .duration = time});
}

Duration Balancer::cooldown_left(std::size_t member) const noexcept {
  const Duration::rep until = impl_->at[member].cool_until.load(std::memory_order_relaxed);
  if (until == 0) return Duration::zero();
  return time_left(TimePoint(Duration(until)), impl_->clock.now());
}

std::size_t Balancer::size() const noexcept {
  return impl_->members.size();
}

const std::vector<BalancerMember>& Balancer::members() const noexcept {
  return impl_->members;
}

BalancerLoad Balancer::load(std::size_t member) const {
  const Balanced& at = impl_->at[member];
  BalancerLoad load{.name = impl_->members[member].name,
                    .in_flight = at.in_flight.load(std::memory_order_relaxed),
                    .calls = at.calls.load(std::memory_order_relaxed),
                    .cooldown_left = cooldown_left(member)};
  if (const auto* ewma = std::get_if<PeakEwma>(&impl_->options.policy)) {
    const double latency = at.latency.at(impl_->clock.now(), ewma->decay);
    load.latency = Duration(static_cast<Duration::rep>(latency));
  }
  return load;
}

std::vector<BalancerLoad> Balancer::loads() const {
  std::vector<BalancerLoad> loads;
  loads.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) loads.push_back(load(i));
  return loads;
}

}  // namespace v0
}  // namespace vx11
