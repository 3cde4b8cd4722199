#pragma once

/// \file
/// `SessionStore`: storage of Context-7 sessions.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/session.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The options common to all session stores.
struct SessionStoreOptions {
  SessionLimits limits = {};
  SteadyClock clock = {};     ///< Measures waiting times and the lifetime of sessions.
  WallClock wall_clock = {};  ///< For timestamps, and for the time while the machine was off.
  /// The longest that an operation waits for its turn and for a lock of another process; it fails
  /// with `storage` then. Short, because a chat is answered without its history rather than late.
  Duration patience = std::chrono::milliseconds(250);
};

/// The id under which a store keeps the session `id` of a principal. No two principals have the
/// same for any ids. Without a principal (null or empty) it is `id` itself, as before there were
/// principals, unless that begins with the byte 0x1F; no id that the APIs accept does.
VX11_API std::string session_key(const std::string* principal, std::string id);

/// The principal of a key of `session_key`; empty: none.
VX11_API std::string_view principal_of(std::string_view key) noexcept;

/// What a store holds, as far as it knows.
struct SessionFigures {
  std::optional<std::uint64_t> sessions = std::nullopt;
  std::optional<std::uint64_t> bytes = std::nullopt;    ///< As `SessionLimits` counts them.
  std::optional<std::uint64_t> evicted = std::nullopt;  ///< Sessions removed for want of room.
  std::optional<std::uint64_t> expired = std::nullopt;  ///< Sessions removed after their idle time.
};

/// Stores sessions within `SessionLimits`. The `id` of its functions is that of `session_key`.
///
/// Implementations are thread-safe. Both messages of an acknowledged `append` are stored; of a
/// failed one, neither. Reading a session counts as use of it. An expired session is reported as
/// absent. Every implementation passes the shared suite in tests/unit/session_store_suite.hpp.
class VX11_API SessionStore {
 public:
  SessionStore() = default;
  SessionStore(const SessionStore&) = delete;
  SessionStore& operator=(const SessionStore&) = delete;
  virtual ~SessionStore() = default;

  /// The newest `count` messages, oldest first; empty if there is no such session. `storage` on
  /// failure.
  virtual Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) = 0;
  /// The whole session, or none. `storage` on failure.
  virtual Task<Result<std::optional<Session>>> find(std::string id) = 0;
  /// `context_summary` of the newest messages and of `question`, the user's current message, which
  /// the caller keeps alive until the task has completed. `storage` on failure. Override it in a
  /// store that can read its messages without copying them, as this default does.
  virtual Task<Result<std::string>> summary(std::string id, std::string_view question);
  /// Appends a turn; creates the session for `user_id` if it is new. On failure `storage`, with
  /// nothing changed.
  virtual Task<Result<void>> append(std::string id, std::string user_id, Turn turn) = 0;
  /// Deletes a session.
  /// \return whether there was one; `storage` on failure, with nothing changed. By default
  ///         `invalid_argument`, for stores that cannot delete.
  virtual Task<Result<bool>> erase(std::string id);
  /// For metrics; must not wait for I/O. By default nothing is known.
  virtual SessionFigures figures() const { return {}; }
};

}  // namespace v0
}  // namespace vx11
