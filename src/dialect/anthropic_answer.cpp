#include "dialect/anthropic_answer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dialect/conversation.hpp"
#include "dialect/tool_calls.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"
#include "router/error_member.hpp"
#include "router/no_text.hpp"

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

/// A filter or a limit may leave nothing of an answer; a client that reads the reason gets it.
bool explains_emptiness(const ChatEnding& ending) noexcept {
  return ending.finish_reason == "content_filter" || ending.finish_reason == "length";
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

/// A block of type `tool_use`. Its input is empty at the start of a stream.
/// \return none if it has no id or name, or an input that is no object
std::optional<ToolCall> call_of(std::string_view block) {
  constexpr std::array<std::string_view, 3> kNames = {"id", "name", "input"};
  const auto read = json::scan_object(block, kNames);
  if (!read || string_of(read->members[0]).empty() || string_of(read->members[1]).empty()) {
    return std::nullopt;
  }
  const Member& input = read->members[2];
  if (is_given(input) && input.kind != Kind::object) return std::nullopt;
  return ToolCall{.id = std::string(read->members[0].text),
                  .name = std::string(read->members[1].text),
                  .arguments = std::string(is_given(input) ? input.text : "{}")};
}

/// What the blocks of a message contain.
struct Content {
  std::string text = {};
  std::vector<ToolCall> calls = {};
};

/// \return none if a tool call is damaged
std::optional<Content> content_of(std::string_view blocks) {
  constexpr std::array<std::string_view, 2> kNames = {"type", "text"};
  Content content;
  json::ArrayItems items(blocks);
  while (const auto block = items.next()) {
    const auto read = json::scan_object(*block, kNames);
    if (!read) continue;
    if (read->members[0].text == "text") content.text += string_of(read->members[1]);
    if (read->members[0].text != "tool_use") continue;
    auto call = call_of(*block);
    if (!call) return std::nullopt;
    content.calls.push_back(*std::move(call));
  }
  return content;
}

class MessageReader final : public ChatEventReader {
 public:
  ChatEventKind read(const ServerSentEvent& event, std::string& text) override {
    const ChatEventKind kind = read_event(event, text);
    begun_ = begun_ || kind == ChatEventKind::part || !text.empty();
    return kind;
  }
  std::string_view translated() const noexcept override { return translated_; }
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
  ChatEventKind read_event(const ServerSentEvent& event, std::string& text) {
    constexpr std::array<std::string_view, 7> kNames = {"type",  "delta", "message",      "usage",
                                                        "error", "index", "content_block"};
    translated_.clear();
    if (event.name == "error") return ChatEventKind::error;
    const auto read = json::scan_object(event.data, kNames);
    if (!read || reports_error(read->members[4])) return ChatEventKind::error;
    const std::string_view type = read->members[0].text;
    const std::string_view block = read->members[5].text;
    if (type == "content_block_start") return start_block(read->members[6], block);
    if (type == "content_block_delta") return read_delta(read->members[1], block, text);
    if (type == "content_block_stop") return stop_block(block);
    if (type == "message_start") return read_start(read->members[2]);
    if (type == "message_delta") return read_ending(read->members[1], read->members[3]);
    if (type == "message_stop") return ChatEventKind::end;
    return type == "error" ? ChatEventKind::error : ChatEventKind::ignored;
  }

  ChatEventKind start_block(const Member& block, std::string_view index) {
    constexpr std::array<std::string_view, 1> kNames = {"type"};
    const auto read = json::scan_object(block.text, kNames);
    if (!read || read->members[0].text != "tool_use") return ChatEventKind::ignored;
    auto call = call_of(block.text);
    if (!call) return ChatEventKind::error;
    if (call->arguments == "{}") call->arguments.clear();  // it follows in pieces, or has none
    has_arguments_ = !call->arguments.empty();
    tool_block_ = index;
    translated_ = deltas_of({&*call, 1}, calls_++);
    return ChatEventKind::part;
  }

  bool is_of_call(std::string_view block) const noexcept {
    return tool_block_ && *tool_block_ == block;
  }

  ChatEventKind add_arguments(std::string_view piece) {
    if (piece.empty()) return ChatEventKind::ignored;
    has_arguments_ = true;
    translated_ = arguments_of(piece, calls_ - 1);
    return ChatEventKind::part;
  }

  /// Clients parse the arguments of every call: those of none are an empty object.
  ChatEventKind stop_block(std::string_view block) {
    if (!is_of_call(block)) return ChatEventKind::ignored;
    tool_block_.reset();
    return has_arguments_ ? ChatEventKind::ignored : add_arguments("{}");
  }

  /// Thinking shows that the answer has begun. Signatures are ignored.
  ChatEventKind read_delta(const Member& delta, std::string_view block, std::string& text) {
    constexpr std::array<std::string_view, 3> kNames = {"type", "text", "partial_json"};
    const auto read = json::scan_object(delta.text, kNames);
    if (!read) return ChatEventKind::error;
    const std::string_view type = string_of(read->members[0]);
    if (type == "thinking_delta") return ChatEventKind::part;
    if (type == "input_json_delta" && is_of_call(block)) {
      return add_arguments(string_of(read->members[2]));
    }
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
    const bool is_explained = finished_ && !begun_ && explains_emptiness(ending_);
    return is_explained ? ChatEventKind::envelope : ChatEventKind::ignored;
  }

  std::string id_ = {};
  std::string model_ = {};
  ChatEnding ending_ = {};
  bool begun_ = false;     ///< Something of the answer was read.
  bool finished_ = false;  ///< A stop_reason was read.
  std::size_t calls_ = 0;  ///< The number of tool calls so far.
  /// The index of the block with the last of them, until it has ended.
  std::optional<std::string> tool_block_ = std::nullopt;
  bool has_arguments_ = false;  ///< Of that call, something was read.
  std::string translated_ = {};
};

}  // namespace

Result<ChatAnswer> read_message(const std::string& body) {
  constexpr std::array<std::string_view, 3> kNames = {"content", "error", "stop_reason"};
  auto read = json::split_object(body, kNames);
  if (!read) return no_text(std::move(read.error()));
  const auto& members = read->found.members;
  if (reports_error(members[1]) || members[0].kind != Kind::array) return ChatAnswer();
  auto content = content_of(members[0].text);
  if (!content) return ChatAnswer();  // a call of a tool is damaged
  ChatAnswer answer(std::move(content->text), std::move(read->rest));
  answer.ending.finish_reason = finish_reason(members[2].text);
  constexpr std::array<std::string_view, 1> kUsage = {"usage"};
  if (const auto rest = json::scan_object(answer.upstream_json, kUsage)) {
    read_usage(rest->members[0], answer.ending);
  }
  const bool is_explained = answer.text.empty() && explains_emptiness(answer.ending);
  const bool has_calls = !content->calls.empty();
  const bool has_ended = members[2].kind == Kind::string;
  answer.is_empty = answer.text.empty() && !has_calls && !is_explained && has_ended;
  if (has_calls || is_explained || answer.is_empty) {
    answer.completion_json = completion_of(answer.text, content->calls, answer.ending);
  }
  return answer;
}

std::unique_ptr<ChatEventReader> message_reader() {
  return std::make_unique<MessageReader>();
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
