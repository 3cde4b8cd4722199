#pragma once

/// \file
/// State, mode, count of failures and generation of a breaker in one word. Internal.

#include <vx11/circuit_breaker/detail/min_max.hpp>
#include <vx11/circuit_breaker/types.hpp>

#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// State and mode combined, as only some pairs exist.
enum class CircuitPhase : std::uint8_t {
  closed,
  open,
  half_open,
  isolated,
  forced_closed,
  disabled,
  metrics_only,
};

/// The phase of a mode that the program set.
constexpr CircuitPhase phase_of(CircuitMode mode) noexcept {
  switch (mode) {
    case CircuitMode::automatic:
      return CircuitPhase::closed;
    case CircuitMode::isolated:
      return CircuitPhase::isolated;
    case CircuitMode::forced_closed:
      return CircuitPhase::forced_closed;
    case CircuitMode::disabled:
      return CircuitPhase::disabled;
    case CircuitMode::metrics_only:
      return CircuitPhase::metrics_only;
  }
  return CircuitPhase::closed;
}

/// One load reads phase, failures, suspicion and generation consistently: 3, 22, 1 and 38 bits. Two
/// hundred thousand million generations last about eight years at one change per millisecond.
class PackedState {
 public:
  static constexpr std::uint32_t kMaxFailures = (1U << 22) - 1;

  constexpr PackedState() noexcept = default;
  constexpr explicit PackedState(std::uint64_t bits) noexcept : bits_(bits) {}
  constexpr PackedState(CircuitPhase phase, std::uint32_t failures,
                        std::uint64_t generation) noexcept
      : bits_(generation << kGenerationAt | std::uint64_t{smaller(failures, kMaxFailures)} << 3U |
              static_cast<std::uint64_t>(phase)) {}

  constexpr std::uint64_t bits() const noexcept { return bits_; }
  constexpr CircuitPhase phase() const noexcept { return static_cast<CircuitPhase>(bits_ & 7U); }
  constexpr std::uint32_t failures() const noexcept {
    return static_cast<std::uint32_t>(bits_ >> 3U) & kMaxFailures;
  }
  constexpr std::uint64_t generation() const noexcept { return bits_ >> kGenerationAt; }
  /// Whether the next failure opens, however many it takes otherwise. Only in the phase `closed`.
  constexpr bool is_suspected() const noexcept { return (bits_ & kSuspected) != 0; }
  /// Whether a success changes nothing: no failures, no suspicion.
  constexpr bool is_clean() const noexcept {
    return (bits_ & (kSuspected | std::uint64_t{kMaxFailures} << 3U)) == 0;
  }

  constexpr CircuitState state() const noexcept {
    if (phase() == CircuitPhase::half_open) return CircuitState::half_open;
    const bool open = phase() == CircuitPhase::open || phase() == CircuitPhase::isolated;
    return open ? CircuitState::open : CircuitState::closed;
  }
  constexpr CircuitMode mode() const noexcept {
    switch (phase()) {
      case CircuitPhase::isolated:
        return CircuitMode::isolated;
      case CircuitPhase::forced_closed:
        return CircuitMode::forced_closed;
      case CircuitPhase::disabled:
        return CircuitMode::disabled;
      case CircuitPhase::metrics_only:
        return CircuitMode::metrics_only;
      default:
        return CircuitMode::automatic;
    }
  }
  /// Whether the verdict of an ordinary call admitted in `generation` counts.
  constexpr bool counts(std::uint64_t generation) const noexcept {
    return this->generation() == generation && phase() != CircuitPhase::disabled &&
           state() == CircuitState::closed;
  }

  /// Whether one more consecutive failure reaches the limit, or is enough.
  constexpr bool on_the_brink(std::uint32_t failures_to_open) const noexcept {
    const bool opens = failures() + 1 >= failures_to_open || is_suspected();
    return opens && phase() != CircuitPhase::forced_closed;
  }
  /// The word after one more consecutive failure, in a phase that counts failures. In metrics-only
  /// mode, reaching the limit resets the count.
  constexpr PackedState after_failure(std::uint32_t failures_to_open) const noexcept {
    if (!on_the_brink(failures_to_open)) return with_failures(failures() + 1);
    if (phase() == CircuitPhase::metrics_only) return with_failures(0);
    return next(CircuitPhase::open, failures() + 1);
  }
  /// Not suspected.
  constexpr PackedState with_failures(std::uint32_t failures) const noexcept {
    return {phase(), failures, generation()};
  }
  constexpr PackedState with_suspicion(bool is_suspected) const noexcept {
    return PackedState(is_suspected ? bits_ | kSuspected : bits_ & ~kSuspected);
  }
  constexpr PackedState next(CircuitPhase phase, std::uint32_t failures) const noexcept {
    return {phase, failures, generation() + 1};
  }

 private:
  static constexpr std::uint64_t kSuspected = std::uint64_t{1} << 25U;
  static constexpr unsigned kGenerationAt = 26;

  std::uint64_t bits_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
