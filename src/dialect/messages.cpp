#include "dialect/messages.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "json/scan.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

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

class MessagesReader {
 public:
  using Refusal = std::optional<Error>;

  explicit MessagesReader(PlainChat& chat) : chat_(chat) {}

  Refusal run(std::string_view messages) {
    chat_.messages.clear();
    chat_.system.clear();
    json::ArrayItems items(messages);
    for (std::size_t i = 0;; ++i) {
      const auto item = items.next();
      if (!item) return {};
      if (auto refusal = read_message(*item, i)) return refusal;
    }
  }

 private:
  Refusal read_message(std::string_view message, std::size_t index) {
    constexpr std::size_t kOther = 4;  // the first of those that are left out
    constexpr std::array<std::string_view, 8> kNames = {
        "role", "content", "function_call", "audio",
        "name", "refusal", "tool_calls",    "tool_call_id"};
    const auto read = json::scan_object(message, kNames);
    if (!read) return refused(place(index, "role"));
    const auto& members = read->members;
    for (std::size_t i = 2; i < kOther; ++i) {
      if (members[i].kind == json::Kind::absent) continue;
      if (!asks_for_nothing(kNames[i], members[i].text)) return refused(place(index, kNames[i]));
    }
    for (std::size_t i = kOther; i < 6; ++i) {
      if (is_given(members[i])) ignore(chat_, "messages[]." + std::string(kNames[i]));
    }
    const bool has_calls = is_given(members[6]) && !asks_for_nothing("tool_calls", members[6].text);
    auto text = has_calls && !is_given(members[1]) ? Text{} : plain_text(members[1]);
    if (!text) return refused(place(index, "content"));
    if (text->has_cache_control) ignore(chat_, "messages[].content[].cache_control");
    if (auto refusal = add(members[0].text, std::move(text->text), index)) return refusal;
    if (has_calls) return add_calls(members[0].text, members[6], index);
    return members[0].text == "tool" ? add_call_id(members[7], index) : std::nullopt;
  }

  Refusal add_calls(std::string_view role, const json::Member& value, std::size_t index) {
    std::string wrong = "tool_calls";
    auto calls = role == "assistant" ? read_calls(value.text, wrong) : std::nullopt;
    if (calls) {
      for (const ToolCall& call : *calls) called_[call.id] = call.name;
      chat_.messages.back().calls = *std::move(calls);
      return {};
    }
    return Error(Errc::invalid_argument,
                 place(index, wrong) +
                     ": must be a call of a function by the assistant, with an id "
                     "and the text of a JSON object as its arguments");
  }

  Refusal add_call_id(const json::Member& id, std::size_t index) {
    if (id.kind != json::Kind::string || id.text.empty()) {
      return Error(Errc::invalid_argument,
                   place(index, "tool_call_id") + ": must be the id of a call");
    }
    PlainMessage& result = chat_.messages.back();
    result.call_id = id.text;
    if (const auto call = called_.find(result.call_id); call != called_.end()) {
      result.tool = call->second;
    }
    return {};
  }

  Refusal add(std::string_view role, std::string text, std::size_t index) {
    if (role == "system" || role == "developer") {
      if (!chat_.system.empty()) chat_.system += "\n\n";
      chat_.system += text;
    } else if (role == "user" || role == "assistant" || role == "tool") {
      chat_.messages.emplace_back(std::string(role), std::move(text));
    } else {
      return refused(place(index, "role"));
    }
    return {};
  }

  PlainChat& chat_;
  std::map<std::string, std::string, std::less<>> called_ = {};  ///< The tools of calls, by id.
};

}  // namespace

std::optional<Error> read_messages(std::string_view messages, PlainChat& chat) {
  return MessagesReader(chat).run(messages);
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
