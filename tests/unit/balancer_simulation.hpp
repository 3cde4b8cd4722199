#pragma once

/// \file
/// A discrete-event simulation of targets behind a balancer, on a manual clock.

#include <vx11/balancer.hpp>
#include <vx11/detail/split_mix.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

/// Targets with queues of their own, calls that arrive at random, and a balancer between them.
/// Times are seconds of the manual clock. Deterministic: all randomness comes from one seed.
class Simulation {
 public:
  /// A target that works off its calls in order of arrival, `slots` at a time.
  struct Target {
    double mean = 0.1;  ///< Service time, exponentially distributed.
    int slots = 1;
    double answers_in = 0;  ///< Above zero: a failure after this time, instead of an answer.
    double calls_per_second =
        0;  ///< Above zero: 429 for more, with the rest of the second to wait.
    std::uint32_t weight = 1;
    bool has_breaker = false;

    // What happened since `measure()`.
    int calls = 0;
    int failures = 0;
    int limited = 0;
    std::vector<double> free_at = {};
    double second = -1;
    int in_second = 0;
    std::shared_ptr<vx11::CircuitBreaker> breaker = {};
  };

  Simulation(std::vector<Target> with, vx11::BalancerOptions options, std::uint64_t seed = 7)
      : targets(std::move(with)), random_(seed) {
    options.random = [this] { return random_.next(); };
    std::vector<vx11::BalancerMember> members;
    for (Target& target : targets) {
      target.free_at.assign(static_cast<std::size_t>(target.slots), 0.0);
      if (target.has_breaker) {
        const vx11::CircuitBreakerOptions usual;
        target.breaker = std::make_shared<vx11::CircuitBreaker>(usual, clock);
      }
      members.push_back({.name = "target-" + std::to_string(members.size()),
                         .weight = target.weight,
                         .breaker = target.breaker});
    }
    balancer = std::make_unique<vx11::Balancer>(std::move(members), std::move(options), clock);
  }

  /// Calls arrive for `seconds`, `per_second` on average (a Poisson process).
  void run(double seconds, double per_second) {
    const double until = now_ + seconds;
    for (double next = now_ + exponential(1 / per_second); next < until;
         next += exponential(1 / per_second)) {
      end_calls(next);
      arrive(next);
    }
    end_calls(until);
    advance(until);
  }
  /// Forgets what happened so far.
  void measure() {
    for (Target& target : targets) target.calls = target.failures = target.limited = 0;
    times_.clear();
  }

  int calls() const {
    int sum = 0;
    for (const Target& target : targets) sum += target.calls;
    return sum;
  }
  double share(std::size_t target) const {
    return static_cast<double>(targets.at(target).calls) / calls();
  }
  /// Of the times of good answers.
  double percentile(double of) {
    std::sort(times_.begin(), times_.end());
    return times_.at(static_cast<std::size_t>(of * static_cast<double>(times_.size() - 1)));
  }
  double mean() const {
    double sum = 0;
    for (const double time : times_) sum += time;
    return sum / static_cast<double>(times_.size());
  }

  std::vector<Target> targets;
  vx11::testing::ManualClock clock = {};
  std::unique_ptr<vx11::Balancer> balancer;

 private:
  struct Call {
    double began = 0;
    double ends = 0;
    std::size_t target = 0;
    vx11::Verdict verdict = vx11::Verdict::success;
    std::optional<double> retry_after = std::nullopt;
    std::unique_ptr<vx11::Balancer::Call> load = {};
    std::unique_ptr<vx11::CircuitBreaker::Permit> permit = {};
  };
  struct Later {
    bool operator()(const std::unique_ptr<Call>& a, const std::unique_ptr<Call>& b) const {
      return a->ends > b->ends;
    }
  };

  double exponential(double mean) { return -mean * std::log(1 - random_.next()); }

  void advance(double to) {
    clock.advance(vx11::Duration(static_cast<vx11::Duration::rep>((to - now_) * 1e9)));
    now_ = to;
  }

  void arrive(double at) {
    advance(at);
    const auto member = balancer->pick();
    if (!member) return;
    Target& target = targets.at(*member);
    auto call = std::make_unique<Call>();
    if (target.breaker) {
      auto permit = target.breaker->try_acquire();
      if (!permit) return;
      call->permit = std::make_unique<vx11::CircuitBreaker::Permit>(std::move(*permit));
    }
    call->began = at;
    call->target = *member;
    call->load = std::make_unique<vx11::Balancer::Call>(balancer->begin(*member));
    ++target.calls;
    serve(target, *call);
    under_way_.push(std::move(call));
  }

  void serve(Target& target, Call& call) {
    if (target.answers_in > 0) {
      call.verdict = vx11::Verdict::failure;
      call.ends = call.began + target.answers_in;
    } else if (is_limited(target, call.began)) {
      call.verdict = vx11::Verdict::neutral;
      call.ends = call.began + 0.001;
      call.retry_after = target.second + 1 - call.began;
    } else {
      double& slot = *std::min_element(target.free_at.begin(), target.free_at.end());
      slot = std::max(slot, call.began) + exponential(target.mean);
      call.ends = slot;
    }
  }
  static bool is_limited(Target& target, double now) {
    if (target.calls_per_second == 0) return false;
    if (std::floor(now) != target.second) target.in_second = 0;
    target.second = std::floor(now);
    return ++target.in_second > target.calls_per_second;
  }

  void end_calls(double until) {
    while (!under_way_.empty() && under_way_.top()->ends <= until) {
      const std::unique_ptr<Call> call =
          std::move(const_cast<std::unique_ptr<Call>&>(under_way_.top()));
      under_way_.pop();
      end(*call);
    }
  }
  void end(Call& call) {
    advance(std::max(now_, call.ends));
    const double taken = call.ends - call.began;
    Target& target = targets.at(call.target);
    if (call.verdict == vx11::Verdict::success) times_.push_back(taken);
    if (call.verdict == vx11::Verdict::failure) ++target.failures;
    if (call.permit) call.permit->record(call.verdict);
    call.load->record(call.verdict, vx11::Duration(static_cast<vx11::Duration::rep>(taken * 1e9)));
    if (!call.retry_after) return;
    ++target.limited;
    call.load->cool_down(vx11::Duration(static_cast<vx11::Duration::rep>(*call.retry_after * 1e9)));
  }

  vx11::detail::SplitMix64 random_;
  double now_ = 0;
  std::priority_queue<std::unique_ptr<Call>, std::vector<std::unique_ptr<Call>>, Later> under_way_ =
      {};
  std::vector<double> times_ = {};
};
