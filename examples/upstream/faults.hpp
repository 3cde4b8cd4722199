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
  // listener faults: no request is read
  refuse,
  hang_connect,
  drop_connect,
  // connection faults
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
  // event stream faults; other responses are not affected
  stream_break,
  stream_stall,
  stream_cut,
  stream_error,
  stream_endless,
  // responses in place of the real one
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
  queued,
  nul,
  bad_utf8,
  // refusals of the chat itself, in the words of a model server
  context_too_long,
  content_refused,
  content_filtered,
};

/// The deployed switch's reply to a chat that it only queued: JSON without text.
inline constexpr std::string_view kQueuedReply =
    R"({"status":"queued","queue_id":17,"provider":"cli","hermes_error":"connection refused"})";

std::optional<FaultKind> fault_named(std::string_view name);
std::string_view name_of(FaultKind kind);
bool is_listener_fault(FaultKind kind);
bool is_stream_fault(FaultKind kind);

/// Fills `reply` if `kind` is a response in place of the real one.
/// \return false for any other kind
bool canned_reply(FaultKind kind, const Request& request, std::optional<int> retry_after,
                  Reply& reply);

/// `redirect` sends the client to the same path below this prefix, where it is answered normally.
inline constexpr std::string_view kRedirectPrefix = "/redirected";

/// One fault, as set through the control port.
struct Fault {
  FaultKind kind = FaultKind::none;
  std::string path = {};  ///< only requests with this path prefix; empty: all
  /// Delay before the fault occurs; for `trickle`, between two bytes.
  std::chrono::milliseconds wait{0};
  std::optional<int> times = {};        ///< requests affected until it clears; empty: no limit
  std::optional<int> retry_after = {};  ///< Retry-After in seconds, for 503 and 429
  int after = 2;                        ///< events sent before a stream fault occurs
  std::string as = {};  ///< for a refusal, the server whose words it has; empty: by the path
};

/// The faults of one service, at most one per path prefix; the longest prefix wins. Thread-safe.
class FaultBoard {
 public:
  /// Replaces the fault of the same path; `none` removes it.
  void set(Fault fault);
  void clear();
  /// The fault that applies to this request; decrements its `times`.
  std::optional<Fault> take(const Request& request, bool streams);
  /// Whether there is any: cheap, and nearly always false.
  bool any() const noexcept { return any_; }
  /// The current listener fault, or `none`.
  FaultKind listener_fault() const;
  std::vector<Fault> all() const;

 private:
  std::atomic<bool> any_{false};  // avoids the lock while there is no fault
  mutable std::mutex mutex_;
  std::vector<Fault> faults_;  // longest path first
};

}  // namespace upstream
