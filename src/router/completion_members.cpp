#include "router/completion_members.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "json/scan.hpp"
#include "json/text.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using json::ObjectItems;

/// What the API reads, or passes on in its own way.
constexpr std::array<std::string_view, 5> kRead = {"model", "messages", "stream", "stream_options",
                                                   "metadata"};

/// Without them the answer may be another one, but not a wrong one.
constexpr std::array<std::string_view, 20> kHints = {"temperature",
                                                     "top_p",
                                                     "top_k",
                                                     "min_p",
                                                     "seed",
                                                     "max_tokens",
                                                     "max_completion_tokens",
                                                     "frequency_penalty",
                                                     "presence_penalty",
                                                     "repetition_penalty",
                                                     "reasoning_effort",
                                                     "verbosity",
                                                     "service_tier",
                                                     "store",
                                                     "user",
                                                     "safety_identifier",
                                                     "prompt_cache_key",
                                                     "prompt_cache_retention",
                                                     "prediction",
                                                     "parallel_tool_calls"};

/// Members with a value that asks for nothing: what an upstream without the member does anyway.
struct Neutral {
  std::string_view name;
  std::string_view value;
};
constexpr std::array<Neutral, 8> kNeutral = {{{"logprobs", "false"},
                                              {"stop", "[]"},
                                              {"tools", "[]"},
                                              {"functions", "[]"},
                                              {"tool_choice", "\"none\""},
                                              {"tool_choice", "\"auto\""},
                                              {"function_call", "\"none\""},
                                              {"logit_bias", "{}"}}};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_text_format(std::string_view value) {
  constexpr std::array<std::string_view, 1> kType = {"type"};
  const auto scanned = json::scan_object(value, kType);
  return scanned && scanned->members[0].text == "text";
}

std::string compact(std::string_view json) {
  std::string text;
  json::append_canonical(text, json);
  return text;
}

/// Whether leaving the member out changes nothing.
bool is_neutral(const ObjectItems::Item& member) {
  if (member.value == "null") return true;
  if (member.name == "response_format") return is_text_format(member.value);
  if (member.name == "n") return json::is_whole(member.value, "1");
  if (member.name == "top_logprobs") return json::is_whole(member.value, "0");
  const std::string value = compact(member.value);
  if (member.name == "modalities") return value == R"(["text"])";
  return std::any_of(kNeutral.begin(), kNeutral.end(), [&](const Neutral& each) {
    return each.name == member.name && each.value == value;
  });
}

/// The `type` of a content part that is no text; empty if all are.
std::string part_without_text(std::string_view content) {
  constexpr std::array<std::string_view, 1> kType = {"type"};
  json::ArrayItems parts(content);
  while (const auto part = parts.next()) {
    const auto scanned = json::scan_object(*part, kType);
    const std::string_view type = scanned ? scanned->members[0].text : std::string_view();
    if (type != "text") return std::string(type);
  }
  return {};
}

/// What is wrong with one message; empty if nothing is.
std::string wrong_in_message(std::string_view message) {
  constexpr std::array<std::string_view, 6> kNames = {"role",          "content", "tool_calls",
                                                      "function_call", "audio",   "refusal"};
  const auto scanned = json::scan_object(message, kNames);
  if (!scanned) return "not an object";
  const std::string_view role = scanned->members[0].text;
  if (role == "tool" || role == "function") return "role " + std::string(role);
  for (std::size_t i = 2; i < kNames.size(); ++i) {
    const json::Kind kind = scanned->members[i].kind;
    if (kind == json::Kind::absent || kind == json::Kind::null) continue;
    if (scanned->members[i].text != "[]") return std::string(kNames[i]);
  }
  const json::Member& content = scanned->members[1];
  const std::string part =
      content.kind == json::Kind::array ? part_without_text(content.text) : std::string();
  return part.empty() ? std::string() : "content part " + part;
}

std::optional<std::string> wrong_in_messages(std::string_view messages) {
  json::ArrayItems items(messages);
  bool ends_with_user = false;
  while (const auto item = items.next()) {
    const std::string wrong = wrong_in_message(*item);
    if (!wrong.empty()) return "messages: the target cannot take a message with " + wrong;
    constexpr std::array<std::string_view, 1> kRole = {"role"};
    const auto scanned = json::scan_object(*item, kRole);
    ends_with_user = scanned && scanned->members[0].text == "user";
  }
  if (ends_with_user) return std::nullopt;
  return "messages: the target can only answer a last message of role user";
}

}  // namespace

std::optional<std::string> inexpressible(std::string_view completion) {
  ObjectItems members(completion);
  while (const auto member = members.next()) {
    if (member->name == "messages") {
      if (auto wrong = wrong_in_messages(member->value)) return wrong;
    } else if (!is_one_of(kRead, member->name) && !is_one_of(kHints, member->name) &&
               !is_neutral(*member)) {
      return std::string(member->name.substr(0, 64)) + ": the target does not support it";
    }
  }
  return std::nullopt;
}

std::vector<std::string> left_out(std::string_view completion) {
  std::vector<std::string> names;
  ObjectItems members(completion);
  while (const auto member = members.next()) {
    if (member->value == "null") continue;
    json::ArrayItems items(member->name == "messages" ? member->value : std::string_view());
    const bool is_history = items.next() && items.next();
    if (is_history || is_one_of(kHints, member->name)) names.emplace_back(member->name);
  }
  return names;
}

}  // namespace v0
}  // namespace vx11
