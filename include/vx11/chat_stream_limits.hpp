#pragma once

/// \file
/// `ChatStreamLimits`: the times of a streamed chat, common to the APIs.

#include <vx11/clock.hpp>

#include <chrono>

namespace vx11 {
inline namespace v0 {

/// The times of a streamed chat.
struct ChatStreamLimits {
  /// The most between two pieces, while the client reads: text, or what a dialect delivers as part
  /// of an answer that has begun, such as tool calls, reasoning and usage. Longer than a model
  /// pauses between two words. Comments and events that a dialect ignores do not count.
  Duration silence = std::chrono::seconds(30);
  /// The most for a whole stream. Long answers take minutes; without a limit an upstream that
  /// never ends would hold a connection for ever.
  Duration total = std::chrono::minutes(10);
  /// After that long without anything to send the head is sent and a comment with it: proxies and
  /// clients give up on a silent server. A failure is an `error` event from then on, in place of a
  /// 503.
  Duration head_after = std::chrono::seconds(2);
  /// Silence after which a comment is sent. Far below the limits of proxies (30 s and more), and
  /// often enough to find out about clients that have left. Above zero.
  Duration heartbeat = std::chrono::seconds(10);
};

}  // namespace v0
}  // namespace vx11
