#pragma once

/// \file
/// The simplest model of a circuit breaker: lists instead of rings, no atomics, no packing,
/// everything computed on demand. The real class is compared with it step by step.

#include <vx11/circuit_breaker.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace circuit_breaker_model {

using vx11::CircuitMode;
using vx11::CircuitState;
using vx11::Duration;
using vx11::RejectionReason;
using vx11::TimePoint;
using vx11::Verdict;

struct Permit {
  int id = 0;
  std::uint64_t generation = 0;
  bool probe = false;
  TimePoint since = {};
};

struct Answer {
  std::optional<Permit> permit = std::nullopt;
  vx11::Rejection rejection = {};
};

class Model {
 public:
  Model(const vx11::CircuitBreakerOptions& options, TimePoint start)
      : options_(options), start_(start), open_time_(options.open_for) {}

  CircuitState state(TimePoint now) const {
    if (mode_ == CircuitMode::isolated) return CircuitState::open;
    if (mode_ != CircuitMode::automatic) return CircuitState::closed;
    if (state_ == CircuitState::open && now >= open_until_) return CircuitState::half_open;
    return state_;
  }
  Duration retry_after(TimePoint now) const {
    if (mode_ == CircuitMode::isolated) return options_.open_for;
    if (state(now) == CircuitState::open) return open_until_ - now;
    return {};
  }
  CircuitMode mode() const { return mode_; }
  std::uint64_t generation() const { return generation_; }
  std::uint32_t failures() const { return failures_; }
  const vx11::CircuitTotals& totals() const { return totals_; }

  vx11::WindowFigures window(TimePoint now) const {
    vx11::WindowFigures seen;
    for (const Call& call : calls_) {
      if (!remembered(call, now)) continue;
      ++seen.calls;
      seen.failures += call.failed ? 1 : 0;
      seen.slow += call.slow ? 1 : 0;
    }
    return seen;
  }

  Answer acquire(TimePoint now) {
    if (state(now) == CircuitState::closed) return admit(false, now);
    if (state(now) == CircuitState::open) return reject(CircuitState::open, retry_after(now));
    if (state_ == CircuitState::open) enter(CircuitState::half_open);
    return acquire_probe(now);
  }

  void conclude(const Permit& permit, Verdict verdict, TimePoint now) {
    if (permit.generation != generation_ || mode_ == CircuitMode::disabled) return;
    if (permit.probe && probes_.erase(permit.id) == 0) return;
    if (!permit.probe && state(now) != CircuitState::closed) return;
    if (verdict == Verdict::neutral) {
      ++totals_.neutral;
      return;
    }
    const Call call{now, verdict == Verdict::failure, slow(now - permit.since)};
    count(call);
    permit.probe ? judge_probe(call, now) : judge(call, now);
  }

  void hold(CircuitMode mode) {
    if (mode == mode_) return;
    mode_ = mode;
    failures_ = 0;
    enter(CircuitState::closed, mode == CircuitMode::isolated);
  }
  /// The upstream has answered another call.
  void evidence() {
    if (mode_ != CircuitMode::automatic || state_ != CircuitState::open) return;
    enter(CircuitState::half_open);
  }
  /// Others have found the upstream failing, or do so no more.
  void suspect(bool how) { suspected_ = how && on_automatic() && state_ == CircuitState::closed; }
  bool suspected() const { return suspected_; }
  /// Replaced by a new breaker that continues in this one's state `age` later.
  void restore(Duration age, TimePoint now) {
    const Duration left = retry_after(now);
    const std::uint32_t steps = state_ == CircuitState::open && on_automatic() ? 2 : 1;
    if (!on_automatic() || state_ == CircuitState::closed) {
      const bool counts = on_automatic() && !windowed();
      failures_ = counts ? failures_ : 0;
      return enter(CircuitState::closed, mode_ == CircuitMode::isolated);
    }
    enter(CircuitState::open);
    generation_ += steps - 1;
    open_until_ = now + std::max(left - age, Duration());
  }
  void reset() {
    mode_ = CircuitMode::automatic;
    failures_ = 0;
    totals_ = {};
    enter(CircuitState::closed);
  }

 private:
  struct Call {
    TimePoint at;
    bool failed;
    bool slow;
  };

  bool on_automatic() const { return mode_ == CircuitMode::automatic; }
  bool windowed() const {
    return !std::holds_alternative<vx11::ConsecutiveFailures>(options_.trip);
  }
  std::optional<vx11::SlowCalls> watched() const {
    if (const auto* window = std::get_if<vx11::CountWindow>(&options_.trip)) return window->slow;
    if (const auto* window = std::get_if<vx11::TimeWindow>(&options_.trip)) return window->slow;
    return std::nullopt;
  }
  bool slow(Duration taken) const { return watched() && taken >= watched()->after; }

  bool remembered(const Call& call, TimePoint now) const {
    if (const auto* window = std::get_if<vx11::CountWindow>(&options_.trip)) {
      return &call >=
             calls_.data() + calls_.size() - std::min<std::size_t>(calls_.size(), window->size);
    }
    const auto& window = std::get<vx11::TimeWindow>(options_.trip);
    const Duration width = window.span / window.buckets;
    return (now - start_) / width - (call.at - start_) / width < window.buckets;
  }

  Answer admit(bool probe, TimePoint now) {
    return {.permit = Permit{++last_id_, generation_, probe, now}};
  }
  Answer reject(CircuitState state, Duration retry_after) {
    ++totals_.rejected;
    const auto automatic =
        state == CircuitState::open ? RejectionReason::circuit_open : RejectionReason::probes_busy;
    const bool isolated = mode_ == CircuitMode::isolated;
    return {.rejection = {isolated ? RejectionReason::isolated : automatic, retry_after}};
  }
  Answer acquire_probe(TimePoint now) {
    const auto soonest = std::min_element(probes_.begin(), probes_.end(),
                                          [](auto& a, auto& b) { return a.second < b.second; });
    if (probes_.size() + succeeded_ + failed_ >= options_.probes) {
      if (now < soonest->second) return reject(CircuitState::half_open, soonest->second - now);
      probes_.erase(soonest);
    }
    Answer answer = admit(true, now);
    probes_[answer.permit->id] = now + options_.probe_timeout;
    return answer;
  }

  void count(const Call& call) {
    if (call.failed) ++totals_.failures;
    if (call.slow) ++totals_.slow;
    if (!call.failed && windowed()) ++totals_.successes;
  }
  void judge_probe(const Call& call, TimePoint now) {
    const std::uint32_t needed = std::min(options_.probes_to_close, options_.probes);
    if (call.failed || call.slow) {
      ++failures_;
      if (++failed_ + needed > options_.probes) open(now);
    } else if (++succeeded_ >= needed) {
      failures_ = 0;
      enter(CircuitState::closed);
    }
  }
  void judge(const Call& call, TimePoint now) {
    bool enough = false;
    if (windowed()) {
      calls_.push_back(call);
      enough = exceeded(window(now)) || (suspected_ && call.failed);
    } else {
      failures_ = call.failed ? failures_ + 1 : 0;
      enough = failures_ >= options_.failures_to_open || (suspected_ && call.failed);
    }
    if (!call.failed && !call.slow) suspected_ = false;
    if (!enough || mode_ == CircuitMode::forced_closed) return;
    if (mode_ == CircuitMode::automatic) return open(now);
    ++totals_.would_have_opened;
    failures_ = 0;
    calls_.clear();
  }
  bool exceeded(const vx11::WindowFigures& seen) const {
    const auto by = [&](const auto& window) {
      if (seen.calls < window.minimum_calls) return false;
      if (seen.failures > 0 && seen.failure_rate() >= window.failure_rate) return true;
      return window.slow && seen.slow > 0 && seen.slow_rate() >= window.slow->rate;
    };
    if (const auto* window = std::get_if<vx11::CountWindow>(&options_.trip)) return by(*window);
    return by(std::get<vx11::TimeWindow>(options_.trip));
  }

  void open(TimePoint now) {
    open_until_ = now + open_time_;
    const auto grown = static_cast<double>(open_time_.count()) * options_.growth.factor;
    open_time_ = std::min(Duration(std::llround(grown)),
                          std::max(options_.growth.at_most, options_.open_for));
    enter(CircuitState::open);
  }
  void enter(CircuitState state, bool keep = false) {
    state_ = state;
    suspected_ = false;
    ++generation_;
    probes_.clear();
    succeeded_ = failed_ = 0;
    if (state != CircuitState::closed || keep) return;
    open_time_ = options_.open_for;
    calls_.clear();
  }

  vx11::CircuitBreakerOptions options_;
  TimePoint start_;
  CircuitState state_ = CircuitState::closed;
  CircuitMode mode_ = CircuitMode::automatic;
  std::uint64_t generation_ = 0;
  bool suspected_ = false;
  std::uint32_t failures_ = 0;
  TimePoint open_until_ = {};
  Duration open_time_;
  std::map<int, TimePoint> probes_;  ///< Running probes, and when they are overdue.
  std::uint32_t succeeded_ = 0;
  std::uint32_t failed_ = 0;
  std::vector<Call> calls_;
  vx11::CircuitTotals totals_ = {};
  int last_id_ = 0;
};

}  // namespace circuit_breaker_model
