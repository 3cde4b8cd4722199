#include "dialect/completion_request.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "dialect/conversation.hpp"
#include "dialect/messages.hpp"
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
constexpr std::array<Neutral, 9> kNeutral = {
    Neutral{"logprobs", "false"}, {"store", "false"},
    {"functions", "[]"},          {"stop", "[]"},
    {"tool_calls", "[]"},         {"logit_bias", "{}"},
    {"metadata", "{}"},           {"response_format", R"({"type":"text"})"},
    {"modalities", R"(["text"])"}};

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
    if (const auto error = settle_tools()) return fail(*error);
    return std::move(chat_);
  }

 private:
  using Refusal = std::optional<Error>;

  Refusal read(const json::ObjectItems::Item& member) {
    if (member.name == "messages") return read_messages(member.value, chat_);
    if (is_about_tools(member.name)) return read_tool_member(member);
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
      ignore(chat_.ignored, name);
    } else {
      return refused(member.name);
    }
    return {};
  }

  static bool is_about_tools(std::string_view name) noexcept {
    return name == "tools" || name == "tool_choice" || name == "parallel_tool_calls";
  }

  Refusal read_tool_member(const json::ObjectItems::Item& member) {
    if (member.value == "null") return {};
    if (member.name == "parallel_tool_calls") return read_parallel(member.value);
    if (member.name == "tool_choice") {
      auto choice = read_choice(member.value);
      if (!choice) return refused("tool_choice");
      chat_.choice = *std::move(choice);
      return {};
    }
    auto tools = read_tools(member.value, chat_.ignored);
    if (!tools) return tools.error();
    chat_.tools = *std::move(tools);
    return {};
  }

  Refusal read_parallel(std::string_view value) {
    if (value != "true" && value != "false") {
      return Error(Errc::invalid_argument, "parallel_tool_calls: must be true or false");
    }
    parallel_ = value == "false" ? ParallelCalls::forbidden : ParallelCalls::allowed;
    return {};
  }

  /// Without tools, only a choice that needs none is possible.
  Refusal settle_tools() {
    const ToolUse use = chat_.choice.use;
    chat_.choice.parallel = parallel_;
    if (!chat_.tools.empty()) return {};
    if (use == ToolUse::required || use == ToolUse::named) return refused("tool_choice");
    chat_.choice = {};
    return {};
  }

  /// A zero is translated, too: the configuration may have another default.
  void translate(const Translation& to, std::string_view value) {
    if (value == "null" || value == "[]") return;
    std::string json(value);
    if (to.openai == "stop" && !value.starts_with('[')) json = '[' + json + ']';
    std::erase_if(chat_.members, [&](const Translated& m) { return m.name == to.own; });
    chat_.members.push_back({.name = to.own, .json = std::move(json)});
  }

  std::span<const Translation> known_;
  ParallelCalls parallel_ = ParallelCalls::allowed;
  PlainChat chat_ = {};
};

}  // namespace

bool asks_for_nothing(std::string_view name, std::string_view value) noexcept {
  if (value == "null") return true;
  if (name == "n") return json::is_whole(value, "1");
  if (name == "function_call") return value == R"("none")" || value == R"("auto")";
  if (name == "stream_options" || name == "stream") return true;
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
    plain.messages.emplace_back(earlier.role, earlier.text);
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
