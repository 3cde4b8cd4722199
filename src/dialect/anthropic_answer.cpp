#include "dialect/anthropic_answer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"
#include "router/error_member.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

using json::Kind;
using json::Member;

/// In the terms of `ChatEnding`.
std::string finish_reason(std::string_view stop_reason) {
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") {
    return "length";
  }
  if (stop_reason == "tool_use") return "tool_calls";
  return stop_reason == "refusal" ? "content_filter" : "stop";
}

/// Empty unless it is a string.
std::string_view string_of(const Member& member) noexcept {
  return member.kind == Kind::string ? member.text : std::string_view();
}

/// The counts are those so far: a stream repeats them, and may leave out one that is known. The
/// API counts the input that it read from or wrote to its cache apart.
void read_usage(const Member& usage, ChatEnding& ending) {
  constexpr std::array<std::string_view, 4> kNames = {
      "output_tokens", "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"};
  if (usage.kind != Kind::object) return;
  const auto read = json::scan_object(usage.text, kNames);
  if (!read) return;
  const auto& counts = read->members;
  if (const auto count = json::natural(counts[0].text)) ending.output_tokens = count;
  if (!json::natural(counts[1].text)) return;
  std::uint64_t input = 0;
  for (std::size_t i = 1; i < kNames.size(); ++i)
    input += json::natural(counts[i].text).value_or(0);
  ending.input_tokens = std::max(input, ending.input_tokens.value_or(0));
}

std::string text_of_blocks(std::string_view content) {
  constexpr std::array<std::string_view, 2> kNames = {"type", "text"};
  std::string text;
  json::ArrayItems blocks(content);
  while (const auto block = blocks.next()) {
    const auto read = json::scan_object(*block, kNames);
    if (read && read->members[0].text == "text") text += string_of(read->members[1]);
  }
  return text;
}

class MessageReader final : public ChatEventReader {
 public:
  ChatEventKind read(const ServerSentEvent& event, std::string& text) override {
    constexpr std::array<std::string_view, 5> kNames = {"type", "delta", "message", "usage",
                                                        "error"};
    if (event.name == "error") return ChatEventKind::error;
    const auto read = json::scan_object(event.data, kNames);
    if (!read || reports_error(read->members[4])) return ChatEventKind::error;
    const std::string_view type = read->members[0].text;
    if (type == "content_block_delta") return read_delta(read->members[1], text);
    if (type == "message_start") return read_start(read->members[2]);
    if (type == "message_delta") return read_ending(read->members[1], read->members[3]);
    if (type == "message_stop") return ChatEventKind::end;
    return type == "error" ? ChatEventKind::error : ChatEventKind::ignored;
  }
  bool complete_at_close() const override { return finished_; }
  ChatEnding ending() const override { return ending_; }
  std::string upstream_json() const override {
    json::Writer json;
    json.open('{');
    if (!id_.empty()) json.key("id").string(id_);
    if (!model_.empty()) json.key("model").string(model_);
    return std::move(json.close('}')).take();
  }

 private:
  /// Thinking shows that the answer has begun. Signatures and the input of tools, which no chat of
  /// this dialect requests, are ignored.
  static ChatEventKind read_delta(const Member& delta, std::string& text) {
    constexpr std::array<std::string_view, 2> kNames = {"type", "text"};
    const auto read = json::scan_object(delta.text, kNames);
    if (!read) return ChatEventKind::error;
    const std::string_view type = string_of(read->members[0]);
    if (type == "thinking_delta") return ChatEventKind::part;
    if (type != "text_delta") return ChatEventKind::ignored;
    text += string_of(read->members[1]);
    return ChatEventKind::piece;
  }

  ChatEventKind read_start(const Member& message) {
    constexpr std::array<std::string_view, 3> kNames = {"id", "model", "usage"};
    const auto read = json::scan_object(message.text, kNames);
    if (!read) return ChatEventKind::error;
    id_ = string_of(read->members[0]);
    model_ = string_of(read->members[1]);
    read_usage(read->members[2], ending_);
    return ChatEventKind::ignored;
  }

  ChatEventKind read_ending(const Member& delta, const Member& usage) {
    constexpr std::array<std::string_view, 1> kNames = {"stop_reason"};
    read_usage(usage, ending_);
    const auto read = json::scan_object(delta.text, kNames);
    if (read && read->members[0].kind == Kind::string) {
      finished_ = true;
      ending_.finish_reason = finish_reason(read->members[0].text);
    }
    return ChatEventKind::ignored;
  }

  std::string id_ = {};
  std::string model_ = {};
  ChatEnding ending_ = {};
  bool finished_ = false;  ///< A stop_reason was read.
};

}  // namespace

Result<ChatAnswer> read_message(const std::string& body) {
  constexpr std::array<std::string_view, 3> kNames = {"content", "error", "stop_reason"};
  auto read = json::split_object(body, kNames);
  if (!read) return fail(std::move(read.error()));
  const auto& members = read->found.members;
  if (reports_error(members[1])) return fail(Errc::invalid_reply, "the upstream reported an error");
  if (members[0].kind != Kind::array) return fail(Errc::invalid_reply, "no content");
  ChatAnswer answer(text_of_blocks(members[0].text), std::move(read->rest));
  answer.ending.finish_reason = finish_reason(members[2].text);
  constexpr std::array<std::string_view, 1> kUsage = {"usage"};
  if (const auto rest = json::scan_object(answer.upstream_json, kUsage)) {
    read_usage(rest->members[0], answer.ending);
  }
  return answer;
}

std::unique_ptr<ChatEventReader> message_reader() {
  return std::make_unique<MessageReader>();
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
