#pragma once

/// \file
/// `Events`: receives what policies, the router, the session store and the server decide.
///
/// ```cpp
/// auto counters = std::make_shared<vx11::EventCounters>();
/// vx11::Retry retry({.attempts = 3, .name = "search", .events = counters});
/// vx11::CircuitBreaker breaker({.name = "search", .events = counters});
/// ```
///
/// Names, severities and values of every kind: `<vx11/event_table.hpp>` and docs/events.md.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// What happened. Stable names of the kinds: `to_string` in `<vx11/event_table.hpp>`.
enum class EventKind : std::uint8_t {
  circuit_opened,
  circuit_half_opened,
  circuit_closed,
  circuit_held,
  circuit_would_have_opened,
  circuit_suspected,
  circuit_probe_admitted,
  circuit_rejected,
  retry_attempt,
  retry_gave_up,
  retry_budget_refused,
  hedge_started,
  hedge_won,
  hedge_refused,
  timeout_expired,
  timeout_rejected,
  bulkhead_queued,
  bulkhead_rejected,
  bulkhead_cancelled,
  rate_limiter_rejected,
  adaptive_limit_changed,
  adaptive_limit_rejected,
  fallback_used,
  router_attempt,
  router_beside,
  router_fallback,
  router_last_resort,
  router_failed,
  router_stream_broken,
  balancer_cooled_down,
  store_failed,
  store_timed_out,
  store_left_out,
  request_limit_rejected,
  attempt_limiter_rejected,
  redis_connected,
  redis_disconnected,
  redis_failed_over,
  redis_failed,
  server_turned_away,
  server_evicted,
  server_accept_failed,
  server_fewer_threads,
  server_slow_reader_closed,
  server_handshake_failed,
  server_proxy_header_refused,  ///< The last value: `kEventKinds` follows from it.
};

/// As many as `EventKind` has.
inline constexpr std::size_t kEventKinds =
    static_cast<std::size_t>(EventKind::server_proxy_header_refused) + 1;

/// One event. Views, valid during the call only. Without secrets; what a client or an upstream sent
/// is never part of it. Which members a kind sets: `EventInfo::values`; the others are zero.
struct Event {
  EventKind kind = {};
  /// Of the policy, target or store that decided, as its options name it; may be empty. Bounded: it
  /// comes from the program or its configuration, so it can be a label.
  std::string_view name = {};
  std::string_view detail =
      {};                   ///< Why or how, one of a few stable snake_case words; may be empty.
  std::uint64_t count = 0;  ///< Such as the number of an attempt.
  std::uint64_t limit = 0;  ///< The limit that was reached or is new, in calls.
  Duration duration = {};   ///< Such as a wait, or the time that a call took.
  int status = 0;           ///< The HTTP status of an answer.
  /// More about `detail` for a reader, as `Error::detail`: not stable, and no label. May be empty.
  std::string_view cause = {};
};

/// A sink of events.
///
/// `on_event` is called on the thread that decided, outside every lock of the library, and may call
/// back into the policy. It is called by several threads at a time, must not block, and cannot
/// throw. Events are as frequent as their causes: `router_attempt` comes with every chat, and a
/// rejection with every rejected call. Emitting allocates nothing.
class VX11_API Events {
 public:
  Events() = default;
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  virtual ~Events() = default;

  virtual void on_event(const Event& event) noexcept = 0;
};

namespace detail {
/// A `std::shared_ptr` to an `Events`, or to a class derived from it. The member is tried first: to
/// ask whether a type is copyable asks its converting constructors, which ask this.
template <class Pointer>
concept PointsToEvents = requires(const Pointer& pointer) {
  { pointer.get() } -> std::convertible_to<Events*>;
}
&&std::copy_constructible<Pointer>;
}  // namespace detail

/// The `events` of every policy's options: shares ownership of a sink, or is empty.
///
/// Takes a `std::shared_ptr`. A type of its own because `<memory>` would add a tenth to the time
/// that `<vx11/circuit_breaker.hpp>` takes to compile. Thread-safe while it is not assigned to.
class SharedEvents {
 public:
  SharedEvents() noexcept = default;
  SharedEvents(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor)
  /// \param events null: nothing is reported
  template <detail::PointsToEvents Pointer>
  SharedEvents(Pointer events) {  // NOLINT(google-explicit-constructor)
    if (events.get() == nullptr) return;
    sink_ = [kept = std::move(events)](const Event& event) noexcept { kept->on_event(event); };
  }

  explicit operator bool() const noexcept { return static_cast<bool>(sink_); }
  /// Reports `event`. One load and one branch if empty.
  void operator()(const Event& event) const noexcept {
    if (sink_) [[unlikely]]
      sink_(event);
  }

 private:
  std::function<void(const Event&)> sink_ = {};
};

}  // namespace v0
}  // namespace vx11
