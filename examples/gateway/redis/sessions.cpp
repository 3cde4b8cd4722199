#include "gateway/redis/sessions.hpp"

#include <vx11/net/timer.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/store/sqlite.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/log/log.hpp"
#include "gateway/redis/redis_client.hpp"

namespace gateway {

namespace {

using vx11::CircuitState;

/// Half-open is a probe, whose result is the next line.
void log_change(const vx11::CircuitTransition& change) {
  const std::string_view what =
      change.name == "session_read" ? "reading sessions" : "storing sessions";
  if (change.to == CircuitState::open && change.from == CircuitState::closed) {
    log_event(LogEvent::session_store_left_out, {{"operation", what}});
  } else if (change.to == CircuitState::closed) {
    log_event(LogEvent::session_store_back, {{"operation", what}});
  }
}

vx11::MetricSeries series(std::string operation,
                          std::shared_ptr<const vx11::GuardedSessionStore> store,
                          const vx11::CircuitBreaker& breaker) {
  return {.labels = {{"operation", std::move(operation)}},
          .value = [store = std::move(store), &breaker]() -> std::uint64_t {
            return breaker.state() == CircuitState::closed ? 0 : 1;
          }};
}

/// The client of Redis fails at once while there is none, and bounds the time of each operation
/// itself. So it is asked again soon: it has to be in use within 5 s of the server's return.
///
/// A part of a Cluster may have no server while the others serve their sessions. A row of its
/// failures, as chance makes it, must not leave those out as well.
vx11::GuardedStoreOptions redis_guard(std::string_view url) {
  const bool is_cluster = url.find("+cluster://") != std::string_view::npos;
  return {.breaker = {.failures_to_open = is_cluster ? 100U : 5U,
                      .open_for = 1s,
                      .growth = {.factor = 2, .at_most = 2s}}};
}

/// A chat waits no longer for `store` than `max_wait`, and not at all while it keeps failing.
vx11::Result<Sessions> guarded(vx11::Result<std::shared_ptr<vx11::SessionStore>> store,
                               vx11::GuardedStoreOptions options,
                               const vx11::SharedEvents& events) {
  if (!store) return vx11::fail(std::move(store.error()));
  options.breaker.on_transition = log_change;
  options.events = events;
  auto guard = std::make_shared<vx11::GuardedSessionStore>(*std::move(store), std::move(options));
  return Sessions{.store = guard, .guarded = guard};
}

using Figure = std::optional<std::uint64_t> vx11::SessionFigures::*;

/// Adds a family unless the store does not know its value.
void add_figure(std::vector<vx11::MetricFamily>& families,
                const std::shared_ptr<const vx11::SessionStore>& store, Figure figure,
                vx11::MetricFamily family) {
  if (!(store->figures().*figure)) return;
  family.series.push_back(
      {.value = [store, figure] { return (store->figures().*figure).value_or(0); }});
  families.push_back(std::move(family));
}

std::vector<vx11::MetricFamily> figure_metrics(
    const std::shared_ptr<const vx11::SessionStore>& store) {
  using Figures = vx11::SessionFigures;
  std::vector<vx11::MetricFamily> families;
  add_figure(families, store, &Figures::sessions,
             {.name = "vx11_sessions",
              .help = "Sessions that are kept, in an SQLite file as of this gateway's last change; "
                      "absent with Redis, which would have to count them.",
              .kind = vx11::MetricKind::gauge});
  add_figure(families, store, &Figures::bytes,
             {.name = "vx11_session_bytes",
              .help = "Size of the messages of all sessions, known as vx11_sessions is.",
              .kind = vx11::MetricKind::gauge,
              .unit = "bytes"});
  add_figure(families, store, &Figures::evicted,
             {.name = "vx11_sessions_evicted_total",
              .help = "Sessions that were removed for want of room."});
  add_figure(families, store, &Figures::expired,
             {.name = "vx11_sessions_expired_total",
              .help = "Sessions that were removed after their idle time."});
  return families;
}

std::vector<vx11::MetricFamily> guard_metrics(
    const std::shared_ptr<const vx11::GuardedSessionStore>& store) {
  return {{.name = "vx11_session_store_left_out",
           .help = "1 while the session store is left out after failures.",
           .kind = vx11::MetricKind::gauge,
           .series = {series("read", store, store->reading()),
                      series("write", store, store->writing())}},
          {.name = "vx11_session_store_timeouts_total",
           .help = "Operations of the session store that took longer than their time limit.",
           .series = {{.value = [store] { return store->timed_out(); }}}},
          {.name = "vx11_session_store_operations",
           .help = "Operations of the session store that run or wait for their turn, those whose "
                   "callers no longer wait included.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.labels = {{"operation", "read"}},
                       .value = [store] { return store->reads_under_way(); }},
                      {.labels = {{"operation", "write"}},
                       .value = [store] { return store->writes_under_way(); }}}},
          {.name = "vx11_session_store_duration_seconds",
           .help = "Time that operations of the session store took; those that were ready at once "
                   "count as zero.",
           .kind = vx11::MetricKind::histogram,
           .series = {{.labels = {{"operation", "read"}},
                       .histogram = [store] { return store->read_times().read(); }},
                      {.labels = {{"operation", "write"}},
                       .histogram = [store] { return store->write_times().read(); }}},
           .unit = "seconds"}};
}

}  // namespace

vx11::Result<Sessions> make_sessions(const GatewayConfig& config,
                                     const std::shared_ptr<vx11::RedisClient>& redis,
                                     const vx11::SharedEvents& events) {
  const SessionsConfig& sessions = config.sessions;
  if (sessions.store.redis_url) {
    return guarded(make_redis_sessions(redis, config), redis_guard(*sessions.store.redis_url),
                   events);
  }
  if (!sessions.store.sqlite_path) {
    return Sessions{.store = vx11::make_memory_session_store({.limits = sessions.limits})};
  }
  // Half of the guard's, so that a lock is named, and a turn reported as lost is not stored.
  const Duration patience = sessions.max_wait / 2;
  return guarded(vx11::open_sqlite_session_store(*sessions.store.sqlite_path,
                                                 {.limits = sessions.limits, .patience = patience},
                                                 {.durability = sessions.durability}),
                 {.timeout = sessions.max_wait, .timer = vx11::make_net_timer()}, events);
}

void note_evictions(const Sessions& sessions, std::uint64_t& seen) {
  if (sessions.store == nullptr) return;
  const std::uint64_t now = sessions.store->figures().evicted.value_or(0);
  if (now > seen) log_event(LogEvent::session_evicted, {{"removed", now - seen}});
  seen = now;
}

std::vector<vx11::MetricFamily> session_metrics(const Sessions& sessions) {
  std::vector<vx11::MetricFamily> families = figure_metrics(sessions.store);
  if (sessions.guarded == nullptr) return families;
  for (auto& family : guard_metrics(sessions.guarded)) families.push_back(std::move(family));
  return families;
}

}  // namespace gateway
