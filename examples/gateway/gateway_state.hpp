#pragma once

/// \file
/// What lasts while the parts of the gateway are made anew from a configuration that was read
/// again: the state of breakers, connections to upstreams, sessions, and counters.

#include <vx11/balancer.hpp>
#include <vx11/chat_completions_api.hpp>
#include <vx11/chat_metrics.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/event_counters.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/redis.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/limits.hpp"
#include "gateway/metrics.hpp"
#include "gateway/power/power_keeper.hpp"
#include "gateway/redis/sessions.hpp"
#include "gateway/redis/shared_parts.hpp"
#include "gateway/requests.hpp"
#include "gateway/telemetry/process_metrics.hpp"
#include "gateway/telemetry/service_levels.hpp"
#include "gateway/telemetry/status_transport.hpp"
#include "gateway/telemetry/tracing.hpp"

namespace gateway {

/// Shared parts by a text that says all they depend on. Those that a new configuration does not ask
/// for are released with the parts of the earlier one. Not thread-safe.
template <class T>
class LastingParts {
 public:
  using Part = std::shared_ptr<T>;

  /// The part of that name in the earlier configuration; null if there is none.
  Part earlier(const std::string& name) const {
    const auto found = earlier_.find(name);
    return found == earlier_.end() ? nullptr : found->second;
  }
  /// The part of that name in this configuration, or else in the earlier one, which it then keeps;
  /// null if there is none.
  Part find(const std::string& name) {
    const auto found = current_.find(name);
    if (found != current_.end()) return found->second;
    Part part = earlier(name);
    if (part != nullptr) current_[name] = part;
    return part;
  }
  Part keep(const std::string& name, Part part) {
    current_[name] = part;
    return part;
  }
  /// For the next configuration.
  LastingParts next() const {
    LastingParts parts;
    parts.earlier_ = current_;
    return parts;
  }

 private:
  using Parts = std::map<std::string, Part, std::less<>>;
  Parts earlier_ = {};
  Parts current_ = {};
};

/// Transports of the same options. One is used again only if it counts the calls to every origin
/// that is asked for.
class LastingTransports {
 public:
  std::shared_ptr<vx11::Transport> get(vx11::NetTransportOptions options);
  LastingTransports next() const;

 private:
  struct Counted {
    std::shared_ptr<vx11::Transport> transport;
    CountersByOrigin counters;
  };
  LastingParts<const Counted> parts_ = {};
};

/// Breakers keep their state as long as name and origin of their upstream are the same.
class LastingBreakers {
 public:
  /// The one of the earlier configuration if the options are equal, or else a new one that
  /// continues where that one was.
  std::shared_ptr<vx11::CircuitBreaker> get(const std::string& origin,
                                            vx11::CircuitBreakerOptions options);
  /// Receives the events of breakers that are made from now on.
  void report_to(vx11::SharedEvents events) { events_ = std::move(events); }
  LastingBreakers next() const;

 private:
  LastingParts<vx11::CircuitBreaker> parts_ = {};
  vx11::SharedEvents events_ = {};
};

/// The calls of a group with all balancers that it has had, since counters only grow. Of balancers
/// that are not used any more the numbers are kept alone. Thread-safe.
class GroupCalls {
 public:
  void add(std::shared_ptr<const vx11::Balancer> balancer);
  std::uint64_t of(const std::string& target) const;
  /// Balancers that are kept; for tests.
  std::size_t balancers() const;

 private:
  void release_unused();

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const vx11::Balancer>> used_ = {};  ///< Guarded by `mutex_`.
  std::map<std::string, std::uint64_t, std::less<>> ended_ = {};  ///< The same; by target.
};

/// Balancers keep their estimates as long as their options and targets are the same.
class LastingBalancers {
 public:
  /// \param group its name
  std::shared_ptr<vx11::Balancer> get(const std::string& group,
                                      std::vector<vx11::BalancerMember> members,
                                      vx11::BalancerOptions options);
  /// Receives the events of balancers that are made from now on.
  void report_to(vx11::SharedEvents events) { events_ = std::move(events); }
  /// Of a group that has had a balancer; else null.
  std::shared_ptr<const GroupCalls> calls_of(const std::string& group) const;
  LastingBalancers next() const;

 private:
  LastingParts<vx11::Balancer> parts_ = {};
  vx11::SharedEvents events_ = {};
  std::map<std::string, std::shared_ptr<GroupCalls>, std::less<>> calls_ = {};
};

/// Copies share all parts. Not thread-safe.
struct GatewayState {
  LastingTransports transports = {};
  LastingBreakers breakers = {};
  LastingBalancers balancers = {};
  CountersByOrigin counters = {};  ///< Also of origins that are not configured any more.
  std::shared_ptr<vx11::RedisClient> redis = {};  ///< Null: nothing is kept there.
  Sessions sessions = {};
  std::shared_ptr<vx11::ChatMetrics> chat_metrics = {};  ///< Null before the first configuration.
  std::shared_ptr<Wakeups> wakeups = std::make_shared<Wakeups>(0);
  std::shared_ptr<OpenFiles> files = std::make_shared<OpenFiles>();
  std::optional<vx11::OperatorApi> operator_api = std::nullopt;
  std::optional<vx11::ChatCompletionsApi> completions = std::nullopt;
  /// What every policy reports to. Each upstream has a name or two, and configurations follow one
  /// another.
  std::shared_ptr<vx11::EventCounters> decisions = std::make_shared<vx11::EventCounters>(
      vx11::EventCountersOptions{.max_names = 1000, .declared_only = true});
  SharedParts shared = {};
  RequestServices requests = {};  ///< Without logs: they are made.
  Tracing tracing = {};
  Objectives objectives = {};
  std::shared_ptr<KeptHistory> history = {};  ///< Null: it is made.
  Limits limits = {};
  vx11::AdminActions admin = {};
  Power power = {};

  /// For the parts of the next configuration. `*this` stays what it is: they may not come into
  /// force.
  GatewayState next() const;
};

}  // namespace gateway
