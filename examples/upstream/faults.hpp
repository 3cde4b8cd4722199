#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http.hpp"

namespace upstream {

enum class FaultKind : std::uint8_t {
  none,
  // of the listener: no request is read
  refuse,
  hang_connect,
  drop_connect,
  // of the connection
  hang,
  slow,
  trickle,
  truncated,
  wrong_length,
  conflicting_length,
  reset,
  early_close,
  huge,
  huge_header,
  // of an event stream; other answers are not touched
  stream_break,
  stream_stall,
  // an answer in place of the real one
  status_500,
  status_503,
  status_429,
  status_404,
  redirect,
  html,
  invalid_json,
  wrong_shape,
  no_text,
  number_text,
  empty_text,
  nul,
  bad_utf8,
};

std::optional<FaultKind> fault_named(std::string_view name);
std::string_view name_of(FaultKind kind);
bool is_listener_fault(FaultKind kind);
bool is_stream_fault(FaultKind kind);

/// Fills `reply` when `kind` is an answer in place of the real one; false for every other kind.
bool canned_reply(FaultKind kind, const Request& request, std::optional<int> retry_after,
                  Reply& reply);

/// Where `redirect` sends the client: the same path below this one, answered as ever.
inline constexpr std::string_view kRedirectPrefix = "/redirected";

/// One fault as ordered on the control port.
struct Fault {
  FaultKind kind = FaultKind::none;
  std::string path = {};  ///< only requests below this prefix; empty: all
  /// Before the fault shows; for `trickle` between two bytes.
  std::chrono::milliseconds wait{0};
  std::optional<int> times = {};        ///< requests it strikes before it heals; empty: for ever
  std::optional<int> retry_after = {};  ///< seconds, for 503 and 429
  int after = 2;                        ///< events before a stream fault shows
};

/// The faults of one service, at most one per path prefix; the longest prefix wins. Thread-safe.
class FaultBoard {
 public:
  /// Replaces the fault of the same path; `none` takes it away.
  void set(Fault fault);
  void clear();
  /// The fault that strikes this request, counted against its `times`.
  std::optional<Fault> take(const Request& request, bool streams);
  /// The fault the listener has now, or `none`.
  FaultKind listener_fault() const;
  std::vector<Fault> all() const;

 private:
  std::atomic<bool> any_{false};  // so that a healthy service takes no lock
  mutable std::mutex mutex_;
  std::vector<Fault> faults_;  // longest path first
};

}  // namespace upstream
