#pragma once

/// \file
/// A session store that fails fast: a time limit for each operation, and a breaker.

#include <vx11/circuit_breaker.hpp>
#include <vx11/clock.hpp>
#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/metric_histogram.hpp>
#include <vx11/session_store.hpp>
#include <vx11/timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Options of a guarded store.
struct GuardedStoreOptions {
  /// The longest that a caller waits for an operation; it fails with `storage` then, and the
  /// operation runs on without its caller. A chat waits at most twice as long, to read and to
  /// write. Short, because a chat is answered without its history rather than late.
  Duration timeout = std::chrono::milliseconds(250);
  /// Measures `timeout`; must make progress while callers wait, as those of event loops do. Null:
  /// there is no limit but the store's own.
  std::shared_ptr<Timer> timer = {};
  /// When the store is left out, for reading and for writing separately: a store that is locked or
  /// full can still be read. Five failures in a row, because each costs a chat `timeout`; a probe
  /// is a chat's own operation, so it is tried again soon, and less often while that fails.
  CircuitBreakerOptions breaker = {.failures_to_open = 5,
                                   .open_for = std::chrono::seconds(5),
                                   .growth = {.factor = 2, .at_most = std::chrono::seconds(30)}};
  SteadyClock clock = {};  ///< For the open times.
  /// Receives `store_…` events, and those of the breakers unless `breaker.events` are set. Empty,
  /// the default: nothing is reported.
  SharedEvents events = {};
};

/// Passes operations on to another store.
///
/// An operation fails at once, without touching the store, while the breaker of its kind is open.
/// One whose caller no longer waited may still take effect: a turn that was reported as lost may be
/// stored, never the other way round. A caller that blocks a thread waits as long as the store lets
/// it. **Thread-safe.** Shares the store; operations under way keep it alive.
class VX11_API GuardedSessionStore final : public SessionStore {
 public:
  /// `on_transition` of the options is called with the names `session_read` and `session_write`.
  GuardedSessionStore(std::shared_ptr<SessionStore> inner, GuardedStoreOptions options = {});
  ~GuardedSessionStore() override;

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override;
  Task<Result<std::optional<Session>>> find(std::string id) override;
  Task<Result<std::string>> summary(std::string id, std::string_view question) override;
  Task<Result<void>> append(std::string id, std::string user_id, Turn turn) override;
  Task<Result<bool>> erase(std::string id) override;

  const CircuitBreaker& reading() const noexcept;
  const CircuitBreaker& writing() const noexcept;
  /// Operations whose callers stopped waiting.
  std::uint64_t timed_out() const noexcept;
  /// Operations that have begun at the store and not ended, those whose callers stopped waiting
  /// included. Of a store with a thread of its own they run or wait for it.
  std::uint64_t reads_under_way() const noexcept;
  std::uint64_t writes_under_way() const noexcept;
  SessionFigures figures() const override;
  /// How long operations took, in seconds; those that were ready at once count as zero.
  const MetricHistogram& read_times() const noexcept;
  const MetricHistogram& write_times() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace v0
}  // namespace vx11
