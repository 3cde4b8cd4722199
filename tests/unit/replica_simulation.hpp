#pragma once

/// \file
/// A simulation of many replicas that call one target and exchange hints, on a manual clock.

#include <vx11/breaker_hints.hpp>
#include <vx11/detail/split_mix.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace replica_simulation {

using Milliseconds = std::chrono::milliseconds;

/// What the replicas exchange, as the scripts for Redis do it: the age of a report counts by the
/// server's clock alone.
class Exchange {
 public:
  static constexpr Milliseconds kOldest{3000};

  explicit Exchange(std::size_t replicas)
      : seen_(replicas, Milliseconds(-1'000'000)), open_(replicas, Milliseconds(-1'000'000)) {}

  vx11::BreakerReports report(std::size_t replica, bool is_open, Milliseconds now) {
    seen_[replica] = now;
    open_[replica] = is_open ? now : Milliseconds(-1'000'000);
    vx11::BreakerReports reports;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (now - seen_[i] <= kOldest) ++reports.live;
      if (i != replica && now - open_[i] <= kOldest) ++reports.open;
    }
    return reports;
  }

 private:
  std::vector<Milliseconds> seen_;
  std::vector<Milliseconds> open_;
};

struct Scenario {
  std::size_t replicas = 1000;
  bool with_hints = true;
  /// Chats per second of a replica.
  std::function<double(std::size_t replica)> rate = [](std::size_t) { return 1.0; };
  /// The probability that a chat of the replica fails.
  std::function<double(std::size_t replica, Milliseconds now)> fails = {};
  /// Whether the replica runs.
  std::function<bool(std::size_t replica, Milliseconds now)> runs = [](std::size_t, Milliseconds) {
    return true;
  };
  /// Whether the exchange answers.
  std::function<bool(Milliseconds now)> exchange_is_up = [](Milliseconds) { return true; };
  Milliseconds length{60'000};
};

struct Outcome {
  std::uint64_t failed = 0;       ///< Chats that were sent and failed.
  std::uint64_t failed_late = 0;  ///< Those after the half of the replicas had opened.
  std::uint64_t suspicions = 0;
  std::uint64_t exchanges = 0;
  std::vector<bool> opened = {};               ///< By replica, at any time.
  Milliseconds half_open_at{-1};               ///< When half of them were.
  Milliseconds nearly_all_at{-1};              ///< When 95 of 100 were.
  std::uint64_t blind_seconds_by_verdict = 0;  ///< If one report had been a verdict.

  std::size_t count_opened(std::size_t from, std::size_t to) const {
    std::size_t count = 0;
    for (std::size_t i = from; i < to; ++i) count += opened[i] ? 1 : 0;
    return count;
  }
};

/// Time advances in steps; in each step every replica may chat, and exchanges when it is due.
class Simulation {
 public:
  explicit Simulation(const Scenario& scenario)
      : scenario_(scenario), exchange_(scenario.replicas) {
    outcome_.opened.assign(scenario.replicas, false);
    for (std::size_t i = 0; i < scenario.replicas; ++i) {
      vx11::CircuitBreakerOptions options;
      options.open_for = std::chrono::seconds(60);
      auto breaker = std::make_shared<vx11::CircuitBreaker>(options, clock_);
      std::vector<vx11::HintedBreaker> hinted;
      hinted.push_back({"switch", breaker});
      replicas_.push_back({breaker, vx11::BreakerHints(std::move(hinted)),
                           Milliseconds(static_cast<int>(chance() * 1000))});
    }
  }

  Outcome run() {
    for (Milliseconds now{0}; now < scenario_.length; now += kStep) {
      for (std::size_t i = 0; i < replicas_.size(); ++i) {
        if (scenario_.runs(i, now)) step(i, now);
      }
      note_opened(now);
      clock_.advance(kStep);
    }
    return outcome_;
  }

 private:
  static constexpr Milliseconds kStep{50};
  struct Replica {
    std::shared_ptr<vx11::CircuitBreaker> breaker;
    vx11::BreakerHints hints;
    Milliseconds next_exchange;
  };

  double chance() { return random_.next(); }

  void step(std::size_t i, Milliseconds now) {
    Replica& replica = replicas_[i];
    if (chance() < scenario_.rate(i) * 0.001 * static_cast<double>(kStep.count())) chat(i, now);
    if (!scenario_.with_hints || now < replica.next_exchange) return;
    replica.next_exchange = now + Milliseconds(800 + static_cast<int>(chance() * 400));
    if (!scenario_.exchange_is_up(now)) return replica.hints.forget();
    ++outcome_.exchanges;
    const auto reports = exchange_.report(i, replica.hints.is_open(0), now);
    if (reports.open > 0 && !replica.hints.is_open(0)) ++outcome_.blind_seconds_by_verdict;
    if (replica.hints.apply(0, reports)) ++outcome_.suspicions;
  }
  void chat(std::size_t i, Milliseconds now) {
    auto permit = replicas_[i].breaker->try_acquire();
    if (!permit) return;
    if (chance() >= scenario_.fails(i, now)) return permit->success();
    permit->failure();
    ++outcome_.failed;
    if (outcome_.half_open_at.count() >= 0) ++outcome_.failed_late;
  }
  void note_opened(Milliseconds now) {
    std::size_t open = 0;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      if (!replicas_[i].hints.is_open(0)) continue;
      outcome_.opened[i] = true;
      ++open;
    }
    if (outcome_.half_open_at.count() < 0 && open * 2 >= replicas_.size()) {
      outcome_.half_open_at = now;
    }
    if (outcome_.nearly_all_at.count() < 0 && open * 100 >= replicas_.size() * 95) {
      outcome_.nearly_all_at = now;
    }
  }

  const Scenario& scenario_;
  vx11::testing::ManualClock clock_;
  vx11::detail::SplitMix64 random_{7};
  Exchange exchange_;
  std::vector<Replica> replicas_;
  Outcome outcome_ = {};
};

}  // namespace replica_simulation
