#pragma once

/// \file
/// The probes of a half-open breaker. Not thread-safe: the breaker locks. Internal.

#include <vx11/circuit_breaker/detail/fixed_array.hpp>
#include <vx11/circuit_breaker/options.hpp>
#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Identifies a probe; used once, so that an overdue probe cannot report for its successor.
using Ticket = std::uint64_t;
inline constexpr Ticket kNoTicket = 0;

/// Assigns a limited number of slots per half-open period and reports when the verdicts decide.
class Probes {
 public:
  enum class Decision : std::uint8_t {
    stale,  ///< The probe has expired, or belongs to another half-open period.
    undecided,
    close,
    open,
  };

  explicit Probes(const CircuitBreakerOptions& options)
      : slots_(options.probes), to_close_(options.probes_to_close), limit_(options.probe_timeout) {}

  /// The ticket of a free or overdue slot, or `kNoTicket`.
  Ticket acquire(TimePoint now) noexcept {
    Slot& slot = slots_[soonest()];
    if (now < slot.overdue_at) return kNoTicket;
    slot = Slot{++last_ticket_, saturated_add(now, limit_)};
    return slot.ticket;
  }
  /// When the next slot becomes overdue.
  TimePoint next_overdue() const noexcept { return slots_[soonest()].overdue_at; }

  Decision succeeded(Ticket ticket) noexcept {
    if (!settle(ticket, Slot{kSpent, TimePoint::max()})) return Decision::stale;
    return ++successes_ >= to_close_ ? Decision::close : Decision::undecided;
  }
  Decision failed(Ticket ticket) noexcept {
    if (!settle(ticket, Slot{kSpent, TimePoint::max()})) return Decision::stale;
    return ++failures_ > slots_.size() - to_close_ ? Decision::open : Decision::undecided;
  }
  /// Releases the slot.
  /// \return false if the probe had expired before.
  bool abandoned(Ticket ticket) noexcept { return settle(ticket, Slot{}); }

  void clear() noexcept {
    for (Slot& each : slots_) each = Slot{};
    successes_ = failures_ = 0;
  }

 private:
  static constexpr Ticket kSpent = ~Ticket{0};  ///< Has its verdict; not assigned again.

  struct Slot {
    Ticket ticket = kNoTicket;
    TimePoint overdue_at = TimePoint::min();
  };

  /// Free slots first, then the one overdue longest.
  std::size_t soonest() const noexcept {
    std::size_t soonest = 0;
    for (std::size_t i = 1; i < slots_.size(); ++i) {
      if (slots_[i].overdue_at < slots_[soonest].overdue_at) soonest = i;
    }
    return soonest;
  }
  bool settle(Ticket ticket, Slot to) noexcept {
    for (Slot& each : slots_) {
      if (each.ticket != ticket) continue;
      each = to;
      return true;
    }
    return false;
  }

  FixedArray<Slot> slots_;
  std::uint32_t to_close_;
  Duration limit_;
  Ticket last_ticket_ = kNoTicket;
  std::uint32_t successes_ = 0;
  std::uint32_t failures_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
