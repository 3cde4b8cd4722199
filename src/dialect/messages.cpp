#include "dialect/messages.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "dialect/conversation.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

/// `messages[2]`
std::string place(std::size_t index) {
  return "messages[" + std::to_string(index) + "]";
}

/// Images, sounds and files: the API of the upstream may take them, but they are not translated.
Error untranslated_part(const std::string& where) {
  return Error(Errc::invalid_argument,
               where +
                   ": only parts of type text are translated for this upstream; leave others "
                   "out, or take a model of the dialect openai");
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
    constexpr std::array<std::string_view, 4> kNames = {"role", "content", "tool_calls",
                                                        "tool_call_id"};
    const auto split = json::split_object(message, kNames);
    if (!split) return refused(place(index) + ".role");
    const std::string unread = unread_member(split->rest, "messages[]", chat_.ignored);
    if (!unread.empty()) return refused(place(index) + '.' + unread);
    const std::string_view role = split->found.members[0].text;
    const json::Member& content = split->found.members[1];
    const json::Member& calls = split->found.members[2];
    const json::Member& id = split->found.members[3];
    const bool has_calls = is_given(calls) && !asks_for_nothing("tool_calls", calls.text);
    auto text = has_calls && !is_given(content) ? Result<std::string>(std::string())
                                                : plain_text(content, place(index) + ".content");
    if (!text) return text.error();
    if (auto refusal = add(role, *std::move(text), index)) return refusal;
    if (has_calls) return add_calls(role, calls, index);
    if (role == "tool") return add_call_id(id, index);
    return is_given(id) ? Refusal(refused(place(index) + ".tool_call_id")) : std::nullopt;
  }

  /// The text of a message's `content`, if it is nothing but text.
  Result<std::string> plain_text(const json::Member& content, const std::string& where) {
    if (content.kind == json::Kind::string) return std::string(content.text);
    if (content.kind != json::Kind::array) return fail(refused(where));
    std::string text;
    json::ArrayItems parts(content.text);
    while (const auto part = parts.next()) {
      if (auto refusal = add_part(*part, where, text)) return fail(*refusal);
    }
    return text;
  }

  Refusal add_part(std::string_view part, const std::string& where, std::string& text) {
    constexpr std::array<std::string_view, 2> kNames = {"type", "text"};
    const auto split = json::split_object(part, kNames);
    if (!split || split->found.members[0].text != "text") return untranslated_part(where);
    if (split->found.members[1].kind != json::Kind::string) return refused(where);
    const std::string unread = unread_member(split->rest, "messages[].content[]", chat_.ignored);
    if (!unread.empty()) return refused(where + "[]." + unread);
    text += split->found.members[1].text;
    return {};
  }

  Refusal add_calls(std::string_view role, const json::Member& value, std::size_t index) {
    const bool is_assistant = role == "assistant";
    auto calls = read_calls(is_assistant ? value.text : "[]", place(index), chat_.ignored);
    if (!calls) return calls.error();
    for (const ToolCall& call : *calls) called_[call.id] = call.name;
    chat_.messages.back().calls = *std::move(calls);
    return {};
  }

  Refusal add_call_id(const json::Member& id, std::size_t index) {
    if (id.kind != json::Kind::string || id.text.empty()) {
      return Error(Errc::invalid_argument,
                   place(index) + ".tool_call_id: must be the id of a call");
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
      return refused(place(index) + ".role");
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
