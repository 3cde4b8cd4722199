#pragma once

/// \file
/// `BreakerHints`: what replicas of a program learn from each other's circuit breakers.

#include <vx11/circuit_breaker.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// When open breakers of other replicas count as a hint: docs/design/breaker_hints.md.
struct BreakerHintOptions {
  /// How many other replicas must have it open; at least 1. Two, so that one bad host convinces no
  /// other.
  std::uint32_t min_reports = 2;
  /// The share of the live replicas, this one included, that must have it open: one in this number;
  /// at least 1. Two, at least half of them: a few bad hosts among many convince no other either.
  std::uint32_t one_in = 2;
};

/// The reports on one target that are no older than the exchange's limit.
struct BreakerReports {
  std::uint32_t live = 0;  ///< Replicas that have reported at all, this one included.
  std::uint32_t open = 0;  ///< Of the others, those whose breaker is open.
};

/// Whether the reports are enough to suspect the target.
constexpr bool is_hint(const BreakerReports& reports, const BreakerHintOptions& options) noexcept {
  const std::uint64_t share = std::uint64_t{reports.open} * std::max(options.one_in, 1U);
  return reports.open >= std::max(options.min_reports, 1U) && share >= reports.live;
}

/// A breaker and the name by which replicas mean the same target.
struct HintedBreaker {
  std::string target = {};                       ///< Such as name and origin. Unique.
  std::shared_ptr<CircuitBreaker> breaker = {};  ///< Not null.
};

/// Suspects the targets that enough other replicas have found failing.
///
/// A hint is no verdict: it makes `CircuitBreaker::suspect` of the target's breaker, so that the
/// next failure of this process opens it, and nothing else. A breaker never opens without a failure
/// of its own, so replicas that err cannot take a working target away. Each hint acts once: a
/// success of this process answers it, and it acts again only after it had ended.
///
/// Does no I/O: the program sends `is_open` to the others and calls `apply` with what they have
/// sent, about once a second. Not thread-safe; the breakers are.
class BreakerHints {
 public:
  explicit BreakerHints(std::vector<HintedBreaker> breakers, BreakerHintOptions options = {})
      : breakers_(std::move(breakers)), hinted_(breakers_.size(), false), options_(options) {}

  std::size_t size() const noexcept { return breakers_.size(); }
  const std::string& target(std::size_t index) const { return breakers_[index].target; }

  /// Whether the breaker is open by its own decision. A half-open one is not sure any more, and one
  /// that an operator has isolated says nothing of the target.
  bool is_open(std::size_t index) const noexcept {
    const CircuitBreaker& breaker = *breakers_[index].breaker;
    return breaker.mode() == CircuitMode::automatic && breaker.state() == CircuitState::open;
  }

  /// The newest reports on a target.
  /// \return whether it is suspected from now on and was not before
  bool apply(std::size_t index, const BreakerReports& reports) noexcept {
    const bool before = hinted_[index];
    const bool now = is_hint(reports, options_);
    hinted_[index] = now;
    CircuitBreaker& breaker = *breakers_[index].breaker;
    if (now == before) return false;
    before ? breaker.trust() : breaker.suspect();
    return !before;
  }
  /// No reports are to be had: without news there are no hints.
  void forget() noexcept {
    for (std::size_t i = 0; i < size(); ++i) apply(i, BreakerReports());
  }

 private:
  std::vector<HintedBreaker> breakers_;
  std::vector<bool> hinted_;
  BreakerHintOptions options_;
};

}  // namespace v0
}  // namespace vx11
