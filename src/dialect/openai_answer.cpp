#include "dialect/openai_answer.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "json/string_frame.hpp"
#include "json/text.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"
#include "router/error_member.hpp"
#include "router/no_text.hpp"
#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

using json::Kind;
using json::Member;

/// What a message, or the delta of one, contains.
struct Content {
  std::string text = {};
  std::string_view in_place = {};  ///< The text as a view, if it is one without escapes.
  bool has_part = false;           ///< Something of the answer that is no text.
};

/// Text parts of `content`, which newer servers send as an array.
std::string text_of_parts(std::string_view parts) {
  constexpr std::array<std::string_view, 1> kText = {"text"};
  std::string text;
  json::ArrayItems items(parts);
  while (const auto item = items.next()) {
    const auto part = json::scan_object(*item, kText);
    if (part && part->members[0].kind == Kind::string) text += part->members[0].text;
  }
  return text;
}

bool is_something(const Member& member) noexcept {
  if (member.kind == Kind::string) return !member.text.empty();
  return member.kind == Kind::object || (member.kind == Kind::array && member.text != "[]");
}

constexpr std::array<std::string_view, 7> kOfMessage = {
    "content", "tool_calls", "refusal", "reasoning_content", "reasoning", "function_call", "audio"};

/// \param scanned for `kOfMessage`
/// \param event what `Content::in_place` is a view into
Content content_of(const json::Scanned& scanned, std::string_view event = {}) {
  Content content;
  const Member& text = scanned.members[0];
  if (text.kind == Kind::string) content.text = text.text;
  if (text.kind == Kind::string && json::lies_inside(event, text.text)) {
    content.in_place = text.text;
  }
  if (text.kind == Kind::array) content.text = text_of_parts(text.text);
  for (std::size_t i = 1; i < kOfMessage.size(); ++i) {
    content.has_part = content.has_part || is_something(scanned.members[i]);
  }
  return content;
}

/// Reads a message or a delta; none if it is not an object.
/// \param event as above
std::optional<Content> read_content(std::string_view message, std::string_view event = {}) {
  if (message.empty() || message == "null") return Content();
  const auto scanned = json::scan_object(message, kOfMessage);
  if (!scanned) return std::nullopt;
  return content_of(*scanned, event);
}

/// The same for the value of the member whose name was read last: a message may be long, so its end
/// is not looked for first.
std::optional<Content> read_content(json::ObjectItems& members) {
  if (!members.rest().starts_with('{')) return read_content(members.value());
  std::size_t size = 0;
  const auto scanned = json::scan_front(members.rest(), kOfMessage, size);
  scanned ? members.pass(size) : void(members.value());
  return scanned ? std::optional(content_of(*scanned)) : std::nullopt;
}

/// A limit or a filter may leave nothing of an answer; a client that reads the reason gets it.
bool explains_emptiness(std::string_view finish_reason) noexcept {
  return !finish_reason.empty() && finish_reason != "stop";
}

struct Choice {
  std::optional<Content> message = Content();  ///< None if it is not an object.
  std::string finish_reason = {};
};

/// \param choices valid JSON that begins with an object; what follows it is not read
Choice first_choice(std::string_view choices) {
  Choice choice;
  json::ObjectItems members(choices);
  while (const auto name = members.next_name()) {
    if (*name == "message") {
      choice.message = read_content(members);
    } else if (*name == "finish_reason") {
      choice.finish_reason = json::text_of(members.value());
    } else {
      members.value();
    }
  }
  return choice;
}

/// Reads one event at a time; keeps what `upstream_json` and `ending` return.
class CompletionReader final : public ChatEventReader {
 public:
  ChatEventKind read(const ServerSentEvent& event, std::string& text) override {
    if (event.name == "error") return ChatEventKind::error;
    if (event.name != "message") return ChatEventKind::ignored;
    const std::string_view data = trimmed(event.data, kJsonSpace);
    if (data == "[DONE]") return ChatEventKind::end;
    if (data.empty()) return ChatEventKind::ignored;
    if (const auto same = usual_.match(data)) {
      text += *same;
      return ChatEventKind::piece;
    }
    constexpr std::array<std::string_view, 5> kNames = {"choices", "error", "usage", "id", "model"};
    const auto chunk = json::scan_object(data, kNames);
    if (!chunk) return unread(chunk.error());
    const auto& members = chunk->members;
    const Member& choices = members[0];
    if (reports_error(members[1])) return ChatEventKind::error;
    if (choices.kind == Kind::absent && members[2].kind == Kind::absent) {
      return ChatEventKind::ignored;
    }
    note(members[2], members[3], members[4]);
    return read_choices(choices.text, data, text);
  }

  bool complete_at_close() const override { return finished_; }
  ChatEnding ending() const override { return ending_; }
  std::string upstream_json() const override {
    json::Writer json(usage_.size() + 128);
    json.open('{');
    if (!id_.empty()) json.key("id").string(id_);
    if (!model_.empty()) json.key("model").string(model_);
    if (!usage_.empty()) json.key("usage").raw(usage_);
    return std::move(json.close('}')).take();
  }

 private:
  /// Half an object was a chunk; JSON that is no object is not.
  static ChatEventKind unread(const json::ScanError& error) noexcept {
    return error.reason == json::ScanErrc::not_object ? ChatEventKind::ignored
                                                      : ChatEventKind::error;
  }

  void note(const Member& usage, const Member& id, const Member& model) {
    if (usage.kind == Kind::object) {
      usage_ = usage.text;
      read_usage(usage, ending_);
    }
    if (id_.empty() && id.kind == Kind::string) id_ = id.text;
    if (model_.empty() && model.kind == Kind::string) model_ = model.text;
  }

  ChatEventKind read_choices(std::string_view choices, std::string_view data, std::string& text) {
    ChatEventKind kind = ChatEventKind::envelope;
    std::string_view in_place;
    std::size_t count = 0;
    json::ArrayItems items(choices);
    for (auto item = items.next(); item; item = items.next(), ++count) {
      const ChatEventKind found = read_choice(*item, data, text, in_place);
      if (found == ChatEventKind::error) return found;
      if (kind != ChatEventKind::piece && found != ChatEventKind::envelope) kind = found;
    }
    const bool is_usual = kind == ChatEventKind::piece && count == 1 && !in_place.empty();
    if (is_usual) usual_.remember(data, in_place);
    return kind;
  }

  /// Only the first choice is text: a client that requested several reads the events themselves.
  /// \param in_place receives the text where it stands in `data`, if it has no escapes
  ChatEventKind read_choice(std::string_view choice, std::string_view data, std::string& text,
                            std::string_view& in_place) {
    constexpr std::array<std::string_view, 3> kNames = {"index", "delta", "finish_reason"};
    const auto scanned = json::scan_object(choice, kNames);
    if (!scanned) return ChatEventKind::error;
    const Member& index = scanned->members[0];
    const Member& finish_reason = scanned->members[2];
    const Member& delta = scanned->members[1];
    if (delta.kind == Kind::string) return ChatEventKind::error;
    const std::optional<Content> content = read_content(delta.text, data);
    if (!content) return ChatEventKind::error;
    in_place = content->in_place;
    const bool is_first = index.kind != Kind::number || index.text == "0";
    if (is_first && finish_reason.kind == Kind::string && !finish_reason.text.empty()) {
      finished_ = true;
      ending_.finish_reason = finish_reason.text;
    }
    if (is_first) text += content->text;
    if (is_first && !content->text.empty()) return ChatEventKind::piece;
    const bool is_part = content->has_part || !content->text.empty();
    return is_part ? ChatEventKind::part : ChatEventKind::envelope;
  }

  std::string id_ = {};
  std::string model_ = {};
  std::string usage_ = {};
  ChatEnding ending_ = {};
  json::StringFrame usual_ = {};  ///< Of the last chunk with one text and nothing else.
  bool finished_ = false;         ///< A finish_reason was read.
};

}  // namespace

void read_usage(const Member& usage, ChatEnding& ending) {
  constexpr std::array<std::string_view, 2> kNames = {"prompt_tokens", "completion_tokens"};
  if (usage.kind != Kind::object) return;
  const auto scanned = json::scan_object(usage.text, kNames);
  if (!scanned) return;
  ending.input_tokens = json::natural(scanned->members[0].text);
  ending.output_tokens = json::natural(scanned->members[1].text);
}

std::unique_ptr<ChatEventReader> completion_reader() {
  return std::make_unique<CompletionReader>();
}

Result<ChatAnswer> read_completion(const std::string& body) {
  constexpr std::array<std::string_view, 3> kNames = {"choices", "error", "usage"};
  auto read = json::split_object(body, kNames, 1);
  if (!read) return no_text(std::move(read.error()));
  const Member& choices = read->found.members[0];
  if (reports_error(read->found.members[1]) || choices.kind != Kind::array) return ChatAnswer();
  const std::string_view first = json::ArrayItems(choices.text).rest();
  if (!first.starts_with('{')) return ChatAnswer();
  Choice choice = first_choice(first);
  std::optional<Content>& content = choice.message;
  if (!content) return ChatAnswer();
  const bool is_empty = content->text.empty() && !content->has_part;
  if (is_empty && choice.finish_reason.empty()) return ChatAnswer();
  Result<ChatAnswer> answer(tl::in_place, std::move(content->text), std::move(read->rest));
  answer->ending.finish_reason = choice.finish_reason;
  read_usage(read->found.members[2], answer->ending);
  answer->completion_json = body;
  answer->is_empty = is_empty && !explains_emptiness(choice.finish_reason);
  return answer;
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
