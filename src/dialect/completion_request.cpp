#include "dialect/completion_request.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "dialect/conversation.hpp"
#include "json/scan.hpp"
#include "json/text.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Members that change nothing of the answer's content, or that the API calls best effort.
constexpr std::array<std::string_view, 11> kHints = {"user",
                                                     "metadata",
                                                     "store",
                                                     "service_tier",
                                                     "prompt_cache_key",
                                                     "prediction",
                                                     "seed",
                                                     "verbosity",
                                                     "safety_identifier",
                                                     "prompt_cache_retention",
                                                     "reasoning_effort"};

/// Members and the value, besides null, with which they ask for nothing.
struct Neutral {
  std::string_view name = {};
  std::string_view value = {};
};
constexpr std::array<Neutral, 10> kNeutral = {
    Neutral{"logprobs", "false"}, {"store", "false"}, {"tools", "[]"},
    {"functions", "[]"},          {"stop", "[]"},     {"tool_calls", "[]"},
    {"logit_bias", "{}"},         {"metadata", "{}"}, {"response_format", R"({"type":"text"})"},
    {"modalities", R"(["text"])"}};

/// \param value JSON without whitespace between tokens
bool asks_for_nothing(std::string_view name, std::string_view value) noexcept {
  if (value == "null") return true;
  if (name == "n") return json::is_whole(value, "1");
  if (name == "tool_choice" || name == "function_call") {
    return value == R"("none")" || value == R"("auto")";
  }
  if (name == "parallel_tool_calls" || name == "stream_options" || name == "stream") return true;
  if (name == "frequency_penalty" || name == "presence_penalty" || name == "top_logprobs") {
    return json::is_whole(value, "0");
  }
  return std::any_of(kNeutral.begin(), kNeutral.end(),
                     [=](const Neutral& each) { return each.name == name && each.value == value; });
}

Error refused(std::string_view where) {
  return Error(Errc::invalid_argument,
               std::string(where) + ": the upstream's API has no such member; leave it out");
}

/// `messages[2].content`
std::string place(std::size_t index, std::string_view member) {
  return "messages[" + std::to_string(index) + "]." + std::string(member);
}

bool is_given(const json::Member& member) noexcept {
  return member.kind != json::Kind::absent && member.kind != json::Kind::null;
}

struct Text {
  std::string text = {};
  bool has_cache_control = false;
};

/// The text of a message's `content`, if it is nothing but text.
std::optional<Text> plain_text(const json::Member& content) {
  if (content.kind == json::Kind::string) return Text{.text = std::string(content.text)};
  if (content.kind != json::Kind::array) return std::nullopt;
  constexpr std::array<std::string_view, 3> kNames = {"type", "text", "cache_control"};
  Text text;
  json::ArrayItems parts(content.text);
  while (const auto part = parts.next()) {
    const auto read = json::scan_object(*part, kNames);
    if (!read || read->members[0].text != "text") return std::nullopt;
    if (read->members[1].kind != json::Kind::string) return std::nullopt;
    text.text += read->members[1].text;
    if (is_given(read->members[2])) text.has_cache_control = true;
  }
  return text;
}

/// Builds a `PlainChat` of a request body, member by member.
class Reader {
 public:
  explicit Reader(std::span<const Translation> known) : known_(known) {}

  Result<PlainChat> run(std::string_view body) {
    json::ObjectItems members(body);
    while (const auto member = members.next()) {
      if (const auto error = read(*member)) return fail(*error);
    }
    if (chat_.messages.empty()) return fail(Errc::invalid_argument, "messages: none of a user");
    return std::move(chat_);
  }

 private:
  using Refusal = std::optional<Error>;

  Refusal read(const json::ObjectItems::Item& member) {
    if (member.name == "messages") return read_messages(member.value);
    if (member.name == "model") {
      chat_.model = json::text_of(member.value);
      return {};
    }
    const std::string_view name =
        member.name == "max_completion_tokens" ? "max_tokens" : member.name;
    const auto known = std::find_if(known_.begin(), known_.end(),
                                    [&](const Translation& t) { return t.openai == name; });
    if (known != known_.end()) {
      translate(*known, member.value);
    } else if (asks_for_nothing(name, member.value)) {
      return {};
    } else if (contains(kHints, name)) {
      ignore(name);
    } else {
      return refused(member.name);
    }
    return {};
  }

  void ignore(std::string_view name) {
    auto& all = chat_.ignored;
    if (std::find(all.begin(), all.end(), name) == all.end()) all.emplace_back(name);
  }

  /// A zero is translated, too: the configuration may have another default.
  void translate(const Translation& to, std::string_view value) {
    if (value == "null" || value == "[]") return;
    std::string json(value);
    if (to.openai == "stop" && !value.starts_with('[')) json = '[' + json + ']';
    std::erase_if(chat_.members, [&](const Translated& m) { return m.name == to.own; });
    chat_.members.push_back({.name = to.own, .json = std::move(json)});
  }

  Refusal read_messages(std::string_view messages) {
    chat_.messages.clear();  // of duplicates the last counts
    chat_.system.clear();
    json::ArrayItems items(messages);
    for (std::size_t i = 0;; ++i) {
      const auto item = items.next();
      if (!item) return {};
      if (auto refusal = read_message(*item, i)) return refusal;
    }
  }

  Refusal read_message(std::string_view message, std::size_t index) {
    constexpr std::size_t kOther = 5;  // the first of those that are left out
    constexpr std::array<std::string_view, 7> kNames = {
        "role", "content", "tool_calls", "function_call", "audio", "name", "refusal"};
    const auto read = json::scan_object(message, kNames);
    if (!read) return refused(place(index, "role"));
    for (std::size_t i = 2; i < kOther; ++i) {
      const json::Member& member = read->members[i];
      if (member.kind == json::Kind::absent) continue;
      if (!asks_for_nothing(kNames[i], member.text)) return refused(place(index, kNames[i]));
    }
    for (std::size_t i = kOther; i < kNames.size(); ++i) {
      if (is_given(read->members[i])) ignore("messages[]." + std::string(kNames[i]));
    }
    auto text = plain_text(read->members[1]);
    if (!text) return refused(place(index, "content"));
    if (text->has_cache_control) ignore("messages[].content[].cache_control");
    return add(read->members[0].text, std::move(text->text), index);
  }

  Refusal add(std::string_view role, std::string text, std::size_t index) {
    if (role == "system" || role == "developer") {
      if (!chat_.system.empty()) chat_.system += "\n\n";
      chat_.system += text;
    } else if (role == "user" || role == "assistant") {
      chat_.messages.emplace_back(std::string(role), std::move(text));
    } else {
      return refused(place(index, "role"));
    }
    return {};
  }

  std::span<const Translation> known_;
  PlainChat chat_ = {};
};

}  // namespace

Result<PlainChat> read_chat(const ChatRequest& chat, const PlainChatOptions& options,
                            std::span<const Translation> known) {
  if (!chat.completion_json.empty()) {
    const auto valid = json::scan_object(chat.completion_json, {});
    if (!valid) return fail(Errc::invalid_argument, "completion: " + valid.error().detail);
    std::string compact;  // so that values can be compared as text
    json::append_canonical(compact, chat.completion_json);
    return Reader(known).run(std::string_view(compact).substr(compact.find('{')));
  }
  if (chat.message.empty()) return fail(Errc::invalid_argument, "the message is empty");
  PlainChat plain;
  plain.system = options.system_prompt;
  for (const ChatMessage& earlier : newest(chat.history, options.history_tokens)) {
    // A conversation begins with its user.
    if (plain.messages.empty() && earlier.role != "user") continue;
    plain.messages.push_back(earlier);
  }
  plain.messages.emplace_back("user", chat.message);
  return plain;
}

std::string without_members(const std::string& extra, std::span<const Translated> members) {
  json::Writer json(extra.size() + 2);
  json.open('{');
  json::ObjectItems all(extra);
  while (const auto item = all.next()) {
    const bool replaced = std::any_of(members.begin(), members.end(),
                                      [&](const Translated& m) { return m.name == item->name; });
    if (!replaced) json.plain_key(item->name).raw(item->value);
  }
  return std::move(json.close('}')).take();
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
