#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace upstream {

/// The two forms in which madre tells its power state.
enum class Dialect : std::uint8_t { windowed, operative };

/// The member of switch's answer that holds the text.
enum class ReplyKey : std::uint8_t { response, reply, message };
inline constexpr std::array<std::string_view, 3> kReplyKeys{"response", "reply", "message"};

/// What the control port may turn while requests are under way; each value stands for itself.
struct Settings {
  std::atomic<Dialect> dialect{Dialect::operative};
  std::atomic<ReplyKey> reply_key{ReplyKey::response};
  std::atomic<bool> stream{false};    ///< answer with events where the client accepts them
  std::atomic<int> stream_chunks{0};  ///< events per answer; 0: one per word of the text
  std::atomic<int> stream_gap_ms{0};  ///< between two events
  std::atomic<int> latency_ms{0};     ///< thinking time of every chat answer, of no other
};

}  // namespace upstream
