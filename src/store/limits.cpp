#include "store/limits.hpp"

#include <string>
#include <string_view>

#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace detail {

namespace {

constexpr std::string_view kTruncated = R"({"truncated":true})";

/// The longest beginning of UTF-8 `text` that has at most `bytes` bytes and ends with a character.
std::size_t whole_characters(std::string_view text, std::size_t bytes) noexcept {
  if (text.size() <= bytes) return text.size();
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; };
  std::size_t end = bytes;
  while (end > 0 && bytes - end < 4 && continues(text[end])) --end;
  return continues(text[end]) ? bytes : end;  // not UTF-8: anywhere
}

void bound_message(Message& message, std::size_t bytes) {
  if (message.content.size() + message.metadata_json.size() <= bytes) return;
  // Metadata is small, or not worth more than the text.
  const bool keeps_metadata = message.metadata_json.size() <= bytes / 2;
  message.metadata_json = keeps_metadata ? json::merge_objects(message.metadata_json, kTruncated)
                                         : std::string(kTruncated);
  const std::size_t used = std::min(message.metadata_json.size(), bytes);
  message.content.resize(whole_characters(message.content, bytes - used));
  message.content.shrink_to_fit();
}

}  // namespace

void bound_turn(Turn& turn, std::size_t message_bytes) {
  bound_message(turn.user, message_bytes);
  bound_message(turn.assistant, message_bytes);
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
