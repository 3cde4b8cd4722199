#pragma once

/// \file
/// Name, severity, values and meaning of every kind of event.

#include <vx11/events.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// How much attention an event deserves.
enum class EventSeverity : std::uint8_t {
  debug,  ///< Usual, and frequent under load.
  info,   ///< A decision that changes how calls are served, none that fails.
  warn,   ///< Calls fail, are rejected, or are answered by a substitute.
};

/// The severity as a word: "debug", "info", "warn".
constexpr std::string_view to_string(EventSeverity severity) noexcept {
  constexpr std::string_view kWords[] = {"debug", "info", "warn"};
  return kWords[static_cast<std::size_t>(severity)];
}

/// A kind of event, described. Static texts.
struct EventInfo {
  EventKind kind = {};
  std::string_view name = {};  ///< Stable: `part.what`, in snake_case.
  EventSeverity severity = {};
  std::string_view values = {};   ///< The members of `Event` that are set, and what they are.
  std::string_view meaning = {};  ///< One sentence.

  /// The part that decides: `circuit` of `circuit.opened`.
  constexpr std::string_view part() const noexcept { return name.substr(0, name.find('.')); }
};

/// Every kind, in the order of `EventKind`.
inline constexpr std::array<EventInfo, kEventKinds> kEventTable = {{
    {EventKind::circuit_opened, "circuit.opened", EventSeverity::warn, "detail: the state before",
     "A circuit breaker has opened and rejects calls."},
    {EventKind::circuit_half_opened, "circuit.half_opened", EventSeverity::info,
     "detail: the state before", "The open time has passed; the next calls are probes."},
    {EventKind::circuit_closed, "circuit.closed", EventSeverity::info, "detail: the state before",
     "The upstream works again; every call is admitted."},
    {EventKind::circuit_held, "circuit.held", EventSeverity::warn,
     "detail: the mode, such as `isolated`", "The program or an operator holds the breaker."},
    {EventKind::circuit_would_have_opened, "circuit.would_have_opened", EventSeverity::info, "",
     "In the mode `metrics_only`: the breaker would have opened."},
    {EventKind::circuit_suspected, "circuit.suspected", EventSeverity::info, "",
     "Another replica found the upstream failing; the next failure opens the breaker."},
    {EventKind::circuit_probe_admitted, "circuit.probe_admitted", EventSeverity::debug, "",
     "A half-open breaker admitted a call as a probe."},
    {EventKind::circuit_rejected, "circuit.rejected", EventSeverity::debug,
     "detail: `circuit_open`, `isolated` or `probes_busy`; duration: until the next try",
     "A breaker rejected a call."},
    {EventKind::retry_attempt, "retry.attempt", EventSeverity::info,
     "count: the number of the attempt, from 2; duration: the wait before it",
     "A call failed and will be attempted again."},
    {EventKind::retry_gave_up, "retry.gave_up", EventSeverity::warn,
     "detail: `attempts`, `not_repeatable`, `retry_after`, `deadline`, `budget_spent` or "
     "`cancelled`; count: the attempts made",
     "A call failed and will not be attempted again."},
    {EventKind::retry_budget_refused, "retry_budget.refused", EventSeverity::warn, "",
     "A retry budget refused a further attempt."},
    {EventKind::hedge_started, "hedge.started", EventSeverity::info, "duration: the delay",
     "A second attempt has started beside a slow one."},
    {EventKind::hedge_won, "hedge.won", EventSeverity::debug,
     "duration: from the first attempt to the answer", "The second attempt answered first."},
    {EventKind::hedge_refused, "hedge.refused", EventSeverity::debug, "detail: `budget_spent`",
     "A second attempt was not made."},
    {EventKind::timeout_expired, "timeout.expired", EventSeverity::warn, "duration: the limit",
     "A call ended with a timeout."},
    {EventKind::timeout_rejected, "timeout.rejected", EventSeverity::warn, "detail: `no_time_left`",
     "The deadline had passed before the call, which was not made."},
    {EventKind::bulkhead_queued, "bulkhead.queued", EventSeverity::debug,
     "count: calls that wait, this one included; limit: concurrent calls",
     "A call waits for a free slot."},
    {EventKind::bulkhead_rejected, "bulkhead.rejected", EventSeverity::warn,
     "detail: `bulkhead_full` or `no_place_free`; limit: concurrent calls",
     "A call found no slot, or waited too long for one."},
    {EventKind::bulkhead_cancelled, "bulkhead.cancelled", EventSeverity::debug,
     "limit: concurrent calls", "A call was cancelled before it had a slot."},
    {EventKind::rate_limiter_rejected, "rate_limiter.rejected", EventSeverity::warn,
     "duration: until the next try", "A call came too soon."},
    {EventKind::adaptive_limit_changed, "adaptive_limit.changed", EventSeverity::debug,
     "count: the limit before; limit: the limit now", "The measured limit has changed."},
    {EventKind::adaptive_limit_rejected, "adaptive_limit.rejected", EventSeverity::warn,
     "limit: the limit", "As many calls were in flight as the measured limit allows."},
    {EventKind::fallback_used, "fallback.used", EventSeverity::warn,
     "detail: the error, such as `timeout`, or `failure` for an answer that counts as one",
     "A failure was replaced by a substitute."},
    {EventKind::router_attempt, "router.attempt", EventSeverity::debug,
     "name: the target; detail: the outcome, such as `answered`; duration: the time it took; "
     "status: the HTTP status of an `error`; cause: why it failed",
     "A target was tried or passed by."},
    {EventKind::router_beside, "router.beside", EventSeverity::info,
     "name: the target that is asked now; count: targets asked before it",
     "A target is slow, and the next one is asked beside it."},
    {EventKind::router_fallback, "router.fallback", EventSeverity::warn,
     "name: the target that answered; detail: the outcome of the first target; count: targets "
     "tried",
     "A chat was answered by another target than the first."},
    {EventKind::router_last_resort, "router.last_resort", EventSeverity::warn, "name: the target",
     "Every breaker is open, and a target was asked nevertheless."},
    {EventKind::router_failed, "router.failed", EventSeverity::warn,
     "name: the first target; detail: the error, such as `unreachable`; count: targets tried",
     "No target answered a chat whose client still waits."},
    {EventKind::router_stream_broken, "router.stream_broken", EventSeverity::warn,
     "name: the target; detail: the outcome, such as `invalid_reply`; duration: since the attempt "
     "began",
     "A streamed answer that had begun broke off, and not because its client left."},
    {EventKind::balancer_cooled_down, "balancer.cooled_down", EventSeverity::info,
     "name: the target; duration: how long it is not chosen",
     "A target asked its callers to wait."},
    {EventKind::store_failed, "store.failed", EventSeverity::warn,
     "name: `session_read` or `session_write`; detail: the error", "A session operation failed."},
    {EventKind::store_timed_out, "store.timed_out", EventSeverity::warn,
     "name: `session_read` or `session_write`; duration: the limit",
     "The caller of a session operation stopped waiting."},
    {EventKind::store_left_out, "store.left_out", EventSeverity::warn,
     "name: `session_read` or `session_write`; duration: until the store is tried again",
     "A session operation failed at once, because earlier ones had failed."},
    {EventKind::request_limit_rejected, "request_limit.rejected", EventSeverity::warn,
     "name: the limit, such as `per_token`; duration: until the next try",
     "A request was answered 429 or 503 because of a limit."},
    {EventKind::attempt_limiter_rejected, "attempt_limiter.rejected", EventSeverity::warn,
     "name: `auth_failures`; duration: until the next try",
     "A credential was not judged: its address has sent too many wrong ones."},
    {EventKind::redis_connected, "redis.connected", EventSeverity::info,
     "detail: `master` or `sentinel`", "A connection to Redis has become usable."},
    {EventKind::redis_disconnected, "redis.disconnected", EventSeverity::warn, "detail: why",
     "A connection to Redis has ended, or could not be made."},
    {EventKind::redis_failed_over, "redis.failed_over", EventSeverity::warn, "",
     "The master, or the slots of a Cluster, have changed."},
    {EventKind::redis_failed, "redis.failed", EventSeverity::warn, "detail: why",
     "A command to Redis has failed."},
    {EventKind::server_turned_away, "server.turned_away", EventSeverity::warn, "",
     "A connection was closed for want of room."},
    {EventKind::server_evicted, "server.evicted", EventSeverity::info, "",
     "An idle connection was closed to make room."},
    {EventKind::server_accept_failed, "server.accept_failed", EventSeverity::warn, "",
     "The system is out of descriptors or memory; accepting is tried again later."},
    {EventKind::server_fewer_threads, "server.fewer_threads", EventSeverity::warn, "",
     "A thread could not be started; the server runs fewer loops."},
    {EventKind::server_slow_reader_closed, "server.slow_reader_closed", EventSeverity::warn, "",
     "A connection was closed whose client does not read."},
    {EventKind::server_handshake_failed, "server.handshake_failed", EventSeverity::info, "",
     "A client could not agree on a TLS session, or took too long."},
    {EventKind::server_proxy_header_refused, "server.proxy_header_refused", EventSeverity::warn, "",
     "A connection was closed for its PROXY header."},
}};

namespace detail {
constexpr bool is_in_order(const std::array<EventInfo, kEventKinds>& table) noexcept {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].kind != static_cast<EventKind>(i) || table[i].name.empty()) return false;
  }
  return true;
}
static_assert(is_in_order(kEventTable));
}  // namespace detail

/// The description of a kind. It must be one of `EventKind`.
constexpr const EventInfo& info_of(EventKind kind) noexcept {
  return kEventTable[static_cast<std::size_t>(kind)];
}

/// The name of a kind: "circuit.opened".
constexpr std::string_view to_string(EventKind kind) noexcept {
  return info_of(kind).name;
}

}  // namespace v0
}  // namespace vx11
