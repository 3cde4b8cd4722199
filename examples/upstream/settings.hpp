#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace upstream {

/// The two formats of madre's power state.
enum class Dialect : std::uint8_t { windowed, operative };

/// The member of switch's response that holds the text.
enum class ReplyKey : std::uint8_t { response, reply, message };
inline constexpr std::array<std::string_view, 3> kReplyKeys{"response", "reply", "message"};

/// `stream_released` that holds no event back.
inline constexpr int kAllEvents = 1000000;

/// Settings that the control port can change while requests are in progress; each independently.
struct Settings {
  std::atomic<Dialect> dialect{Dialect::operative};
  std::atomic<ReplyKey> reply_key{ReplyKey::response};
  std::atomic<bool> stream{false};               ///< respond with events if the client accepts them
  std::atomic<int> stream_chunks{0};             ///< events per answer; 0: one per word of the text
  std::atomic<int> stream_gap_ms{0};             ///< between two events
  std::atomic<int> stream_released{kAllEvents};  ///< events that a stream may send; later ones wait
  std::atomic<int> latency_ms{0};                ///< delay of every chat response, of no other
  std::atomic<int> command_ms{0};                ///< duration of every power command, as of docker
  std::atomic<bool> zoned_times{false};          ///< times end in +00:00Z, with microseconds
  std::atomic<bool> health_calls_switch{false};  ///< madre's /health requests that of switch
  std::atomic<bool> power_keys{false};           ///< service commands without keys only plan
  std::atomic<int> commands_per_minute{0};       ///< carried out for one address; 0: any number
  std::atomic<int> power_token_ms{60'000};       ///< lifetime of a power token
  std::atomic<bool> prefer_cli_queues{false};    ///< metadata.prefer_cli gets a reply without text

  /// Everything as the deployed programs do it.
  void be_deployed();
};

/// The value of X-VX11-Power-Key that madre accepts.
inline constexpr std::string_view kPowerKey = "power-key-of-vx11-upstream";

inline void Settings::be_deployed() {
  dialect = Dialect::windowed;
  command_ms = 4000;
  commands_per_minute = 6;
  zoned_times = health_calls_switch = power_keys = prefer_cli_queues = true;
}

}  // namespace upstream
