#include "gateway/gateway_state.hpp"

#include <algorithm>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

#include "gateway/files/file_text.hpp"

namespace gateway {

namespace {

using vx11::CircuitBreakerOptions;

/// With the text of its files, which may have been replaced.
std::string description_of(const vx11::NetTransportOptions& options) {
  std::string text =
      fmt::format("{}|{}|{}", options.connect_timeout.count(),
                  options.between_chunks_timeout.count(), options.name_cache.count());
  for (const auto& file : {options.ca_file, options.certificate_file, options.key_file}) {
    text.append(1, '|').append(file);
    if (!file.empty()) text.append(1, '=').append(file_text(file).value_or(""));
  }
  for (const std::string& pin : options.pins) text.append(1, '|').append(pin);
  return text;
}

bool counts_all(const CountersByOrigin& counters, const CountersByOrigin& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& entry) {
    const auto found = counters.find(entry.first);
    return found != counters.end() && found->second == entry.second;
  });
}

bool same(const std::optional<vx11::SlowCalls>& a, const std::optional<vx11::SlowCalls>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->after == b->after && a->rate == b->rate;
}
bool same(const vx11::ConsecutiveFailures& /*a*/, const vx11::ConsecutiveFailures& /*b*/) {
  return true;
}
bool same(const vx11::CountWindow& a, const vx11::CountWindow& b) {
  return a.size == b.size && a.minimum_calls == b.minimum_calls &&
         a.failure_rate == b.failure_rate && same(a.slow, b.slow);
}
bool same(const vx11::TimeWindow& a, const vx11::TimeWindow& b) {
  return a.span == b.span && a.buckets == b.buckets && a.minimum_calls == b.minimum_calls &&
         a.failure_rate == b.failure_rate && same(a.slow, b.slow);
}
bool same(const vx11::TripCondition& a, const vx11::TripCondition& b) {
  return std::visit(
      [](const auto& x, const auto& y) {
        if constexpr (std::is_same_v<decltype(x), decltype(y)>) return same(x, y);
        return false;
      },
      a, b);
}
bool same(const vx11::OpenGrowth& a, const vx11::OpenGrowth& b) {
  return a.factor == b.factor && a.at_most == b.at_most && a.jitter.from == b.jitter.from &&
         a.jitter.to == b.jitter.to;
}

/// But for functions.
bool same(const CircuitBreakerOptions& a, const CircuitBreakerOptions& b) {
  return a.failures_to_open == b.failures_to_open && a.open_for == b.open_for &&
         a.probes == b.probes && a.probe_timeout == b.probe_timeout && same(a.trip, b.trip) &&
         std::min(a.probes_to_close, a.probes) == std::min(b.probes_to_close, b.probes) &&
         same(a.growth, b.growth) && a.name == b.name;
}

std::string description_of(const vx11::BalancingPolicy& policy) {
  std::string text = fmt::format("{}", policy.index());
  if (const auto* ewma = std::get_if<vx11::PeakEwma>(&policy)) {
    text += fmt::format(":{}:{}", ewma->decay.count(), ewma->failure_cost.count());
  }
  return text;
}

/// A target whose breaker is another one is another target.
std::string description_of(const std::string& group,
                           const std::vector<vx11::BalancerMember>& members,
                           const vx11::BalancerOptions& options) {
  std::string text = fmt::format("{}|{}|{}|{}|{}", group, description_of(options.policy),
                                 options.default_cooldown.count(), options.max_cooldown.count(),
                                 options.slow_start.count());
  for (const vx11::BalancerMember& member : members) {
    text += fmt::format("|{}:{}:{}", member.name, member.weight,
                        static_cast<const void*>(member.breaker.get()));
  }
  return text;
}

}  // namespace

std::shared_ptr<vx11::Transport> LastingTransports::get(vx11::NetTransportOptions options) {
  const std::string name = description_of(options);
  const auto found = parts_.find(name);
  if (found != nullptr && counts_all(found->counters, options.counters_by_origin)) {
    return found->transport;
  }
  CountersByOrigin counters = options.counters_by_origin;
  auto made = std::make_shared<const Counted>(
      Counted{vx11::make_net_transport(std::move(options)), std::move(counters)});
  return parts_.keep(name, std::move(made))->transport;
}

LastingTransports LastingTransports::next() const {
  LastingTransports transports;
  transports.parts_ = parts_.next();
  return transports;
}

std::shared_ptr<vx11::CircuitBreaker> LastingBreakers::get(const std::string& origin,
                                                           CircuitBreakerOptions options) {
  const std::string name = options.name + '|' + origin;
  options.events = events_;
  const auto earlier = parts_.earlier(name);
  auto made = std::make_shared<vx11::CircuitBreaker>(std::move(options));
  if (earlier == nullptr) return parts_.keep(name, std::move(made));
  // Those in use: a breaker clamps its options.
  if (same(earlier->options(), made->options())) return parts_.keep(name, earlier);
  made->restore(earlier->snapshot());
  return parts_.keep(name, std::move(made));
}

LastingBreakers LastingBreakers::next() const {
  LastingBreakers breakers;
  breakers.parts_ = parts_.next();
  breakers.events_ = events_;
  return breakers;
}

std::shared_ptr<vx11::Balancer> LastingBalancers::get(const std::string& group,
                                                      std::vector<vx11::BalancerMember> members,
                                                      vx11::BalancerOptions options) {
  const std::string name = description_of(group, members, options);
  if (auto found = parts_.find(name)) return found;
  options.events = events_;
  auto made = std::make_shared<vx11::Balancer>(std::move(members), std::move(options));
  auto& calls = calls_[group];
  if (calls == nullptr) calls = std::make_shared<GroupCalls>();
  calls->add(made);
  return parts_.keep(name, std::move(made));
}

std::shared_ptr<const GroupCalls> LastingBalancers::calls_of(const std::string& group) const {
  const auto found = calls_.find(group);
  return found == calls_.end() ? nullptr : found->second;
}

void GroupCalls::add(std::shared_ptr<const vx11::Balancer> balancer) {
  const std::lock_guard lock(mutex_);
  release_unused();
  used_.push_back(std::move(balancer));
}

/// Nothing else holds such a balancer, so no further calls are counted by it. Runs only when
/// another one is added: the last ones stay until then.
void GroupCalls::release_unused() {
  std::erase_if(used_, [this](const auto& balancer) {
    if (balancer.use_count() != 1) return false;
    for (std::size_t i = 0; i < balancer->size(); ++i) {
      const vx11::BalancerLoad load = balancer->load(i);
      ended_[load.name] += load.calls;
    }
    return true;
  });
}

std::uint64_t GroupCalls::of(const std::string& target) const {
  const std::lock_guard lock(mutex_);
  const auto ended = ended_.find(target);
  std::uint64_t sum = ended == ended_.end() ? 0 : ended->second;
  for (const auto& balancer : used_) {
    for (std::size_t i = 0; i < balancer->size(); ++i) {
      const vx11::BalancerLoad load = balancer->load(i);
      if (load.name == target) sum += load.calls;
    }
  }
  return sum;
}

std::size_t GroupCalls::balancers() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

LastingBalancers LastingBalancers::next() const {
  LastingBalancers balancers;
  balancers.parts_ = parts_.next();
  balancers.events_ = events_;
  balancers.calls_ = calls_;
  return balancers;
}

GatewayState GatewayState::next() const {
  GatewayState state = *this;
  state.transports = transports.next();
  state.breakers = breakers.next();
  state.balancers = balancers.next();
  return state;
}

}  // namespace gateway
