#pragma once

/// \file
/// Context-7: the messages between an operator and the upstreams, and their summary.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// One message.
struct Message {
  Message() = default;
  Message(std::string_view speaker, std::string words, WallTime at = {},
          std::string metadata = "{}")
      : role(speaker),
        content(std::move(words)),
        timestamp(at),
        metadata_json(std::move(metadata)) {}

  std::string role = {};  ///< "user" or "assistant".
  std::string content = {};
  WallTime timestamp = {};
  std::string metadata_json = "{}";  ///< The text of a JSON object.
  friend bool operator==(const Message&, const Message&) = default;
};

/// A question and its answer: stored together or not at all.
struct Turn {
  Turn() = default;
  Turn(Message question, Message answer)
      : user(std::move(question)), assistant(std::move(answer)) {}
  Message user = {};
  Message assistant = {};
};

/// A conversation.
struct Session {
  Session() = default;
  std::string id = {};
  std::string user_id = {};  ///< The user who started it.
  WallTime created_at = {};
  WallTime last_accessed = {};      ///< As returned by a store: the time of the read.
  std::vector<Message> messages{};  ///< Oldest first, at most `SessionLimits::messages`.
};

/// Size and lifetime limits. Zero counts as the minimum, unless its comment says otherwise: one
/// message, one session, one millisecond, one byte. The newest turn and the session it belongs to
/// are always kept.
///
/// A turn of a principal that exceeds a limit evicts the least recently used session of that
/// principal; one of another only if the limit of all is reached and it has no further session.
struct SessionLimits {
  /// Messages kept per session, the newest; 50 in the contract.
  std::size_t messages = 50;
  /// A session unused for this long expires; one hour in the contract.
  Duration idle_timeout = std::chrono::hours(1);
  /// Sessions in all; the least recently used are evicted first. 10,000 sessions of 50 short
  /// messages take about 100 MB.
  std::size_t sessions = 10'000;
  /// Sessions of one principal. 0, the default: a tenth of `sessions`, so that a few busy ones
  /// leave room for others. Those without a principal are not counted together.
  std::size_t sessions_per_principal = 0;
  /// Bytes of one message, content and metadata. What is longer is cut between two characters, and
  /// its metadata says `"truncated":true`. The default is twice the longest `message` that
  /// `OperatorApi` accepts; answers are seldom a tenth of it.
  std::size_t message_bytes = 128 * 1024;
  /// Bytes of one session, as `stored_bytes` counts them; the oldest turns leave first. The default
  /// holds fifty messages of 20 kB, and bounds what one answer to `GET /operator/session/{id}`
  /// takes.
  std::size_t session_bytes = 1024 * 1024;
  /// Bytes of all sessions; the least recently used are evicted first. The default holds 10,000
  /// sessions of 50 messages of half a kilobyte.
  std::size_t total_bytes = 256 * 1024 * 1024;
  /// Bytes of the sessions of one principal. 0, the default: a tenth of `total_bytes`.
  std::size_t bytes_per_principal = 0;
};

/// What a message counts for in `session_bytes` and `total_bytes`: its texts, and 128 bytes for
/// what a store keeps beside them.
inline std::size_t stored_bytes(const Message& message) noexcept {
  return message.role.size() + message.content.size() + message.metadata_json.size() + 128;
}

/// The last three messages, `current` included, each as `role: first 100 characters`, joined by
/// line feeds and cut at 256 characters followed by `...`. Characters are code points and are
/// never split.
VX11_API std::string context_summary(std::span<const Message> history, const Message& current);

/// The same for the history alone: the last three of `history`.
VX11_API std::string context_summary(std::span<const Message> history);

/// The first `characters` code points of UTF-8 `text`. Invalid bytes count as one character each.
VX11_API std::string_view first_characters(std::string_view text, std::size_t characters) noexcept;

/// A random UUID (RFC 9562, version 4), from the system's entropy. Thread-safe.
VX11_API std::string make_uuid();

/// RFC 3339 in UTC with milliseconds: `2025-12-28T12:34:56.789Z`.
VX11_API std::string to_rfc3339(WallTime time);

}  // namespace v0
}  // namespace vx11
