#pragma once

/// \file
/// `SessionStore`: where Context-7 sessions are kept.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/session.hpp>
#include <vx11/task.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The description of a session store, whichever it is.
struct SessionStoreOptions {
  SessionLimits limits = {};
  SteadyClock clock =
      {};  ///< Counts how long a call waits, and in memory how long a session lives.
  WallClock wall_clock = {};  ///< For timestamps, and in a file for how long a session lives.
};

/// Keeps sessions within `SessionLimits`.
///
/// Implementations are thread-safe. What `append` has acknowledged is there afterwards, both
/// messages or neither. Reading a session counts as use of it. An expired session is as one that
/// never was. Every implementation passes the shared suite in tests/unit/session_store_suite.hpp.
class VX11_API SessionStore {
 public:
  SessionStore() = default;
  SessionStore(const SessionStore&) = delete;
  SessionStore& operator=(const SessionStore&) = delete;
  virtual ~SessionStore() = default;

  /// The newest `count` messages, oldest first; none if there is no such session. `storage` on
  /// failure.
  virtual Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) = 0;
  /// The whole session, or none. `storage` on failure.
  virtual Task<Result<std::optional<Session>>> find(std::string id) = 0;
  /// What `context_summary` makes of the newest messages and of `question`, which the user asks now
  /// and the caller keeps alive until the task has completed. `storage` on failure. A store that
  /// has its messages at hand need not copy them for it as this one does.
  virtual Task<Result<std::string>> summary(std::string id, std::string_view question);
  /// Adds a turn, beginning the session for `user_id` if it is new. `storage` on failure, with
  /// nothing changed.
  virtual Task<Result<void>> append(std::string id, std::string user_id, Turn turn) = 0;
};

}  // namespace v0
}  // namespace vx11
