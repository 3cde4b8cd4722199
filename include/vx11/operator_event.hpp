#pragma once

/// \file
/// `OperatorEvent`: what an answer does not say and a log should.

#include <cstddef>
#include <functional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The kinds of events. Answers name the same causes in short, safe words.
enum class OperatorEventKind : unsigned char {
  credential_refused,  ///< 401 or 403 for a credential that was sent. `subject`: the principal, if
                       ///< known; `reason`: the fault.
  host_refused,        ///< 403: the Host is none of `OperatorApiOptions::hosts`.
  cross_site_refused,  ///< 403: a page of another origin tried to change state.
  content_type_refused,  ///< 415: the body is not declared as JSON in UTF-8.
  coding_refused,        ///< 415: the body is compressed.
  reply_refused,         ///< A chat target's reply cannot be used. `subject`: the target.
  session_not_read,      ///< The store failed; `reason`: how.
  session_not_stored,    ///< A turn is lost; `reason`: how.
  component_degraded,    ///< `subject`: the component; `reason`: why, where that is known.
  scope_missing,  ///< 403: a scope is missing, the `reason`. `subject`: the principal, if known.
};

/// As many as `OperatorEventKind` has.
inline constexpr std::size_t kOperatorEventKinds = 10;

/// One event. Views, valid during the call only. Without secrets; what a client sent is never part
/// of it.
struct OperatorEvent {
  OperatorEventKind kind = {};
  std::string_view subject = {};  ///< What it is about; may be empty.
  std::string_view reason = {};   ///< Why; may be empty.
};

/// Receives events on the threads that handle requests, outside of all locks, and must be
/// thread-safe. Events are as frequent as a client wants them to be: limit the rate of what is done
/// with them. Must not throw or block.
using OperatorEventSink = std::function<void(const OperatorEvent&)>;

constexpr std::string_view to_string(OperatorEventKind kind) noexcept {
  constexpr std::string_view kNames[kOperatorEventKinds] = {
      "credential refused", "host refused",  "cross-site request refused", "content type refused",
      "coding refused",     "reply refused", "session not read",           "session not stored",
      "component degraded", "scope missing"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace v0
}  // namespace vx11
