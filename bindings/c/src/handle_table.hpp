#pragma once

/// \file
/// The table of live handles. A handle is a number that is looked up and never dereferenced, so a
/// null, released or mistyped one is an error and not a crash.

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace vx11::c {

/// The type of a handle.
enum class Kind : std::uint8_t {
  stop,
  breaker,
  permit,
  transport,
  call,
  router,
  power,
  health,
  sessions,
  api,
  response,
  stream,
};
/// The type as the interface names it: "breaker".
const char* to_string(Kind kind) noexcept;

/// A call with a handle, or with another argument, that can never work. Caught by `guarded`.
struct Misuse {
  const char* what;
};

/// All live handles of the process. Numbers are never used twice. Thread-safe.
///
/// A child process starts with an empty table: the threads, sockets and timers behind the parent's
/// handles did not survive `fork`, and releasing them there would disturb the parent's.
class HandleTable {
 public:
  /// Never destroyed, because handles may be used until the process ends.
  static HandleTable& instance();

  void* add(Kind kind, std::shared_ptr<void> object);
  /// The object, kept alive by the result; null if there is no such handle of this kind.
  std::shared_ptr<void> find(Kind kind, const void* handle) const noexcept;
  /// The same, and the handle is released.
  std::shared_ptr<void> take(Kind kind, const void* handle) noexcept;
  /// Why a handle was not found, for people.
  const char* why_not(const void* handle) const noexcept;

 private:
  struct Entry {
    Kind kind;
    std::shared_ptr<void> object;
  };
  using Entries = std::unordered_map<std::uintptr_t, Entry>;

  HandleTable();
  void forget_parent();

  mutable std::mutex mutex_;
  Entries entries_;
  /// What the parent and its parents had at `fork`; never destroyed: see above.
  std::list<Entries> parents_;
  std::uintptr_t last_ = 0;
  std::uintptr_t parents_last_ =
      0;  ///< The last handle made before `fork`; 0 in the first process.
};

}  // namespace vx11::c
