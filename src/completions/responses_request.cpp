#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "completions/member_rules.hpp"
#include "completions/responses.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"
#include "router/message_json.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

using json::Kind;
using json::Member;
using json::ObjectItems;

constexpr std::array<std::string_view, 9> kSame = {
    "model", "stream",           "user",  "metadata",         "temperature",
    "top_p", "prompt_cache_key", "store", "safety_identifier"};

constexpr std::array<std::string_view, 3> kRead = {"input", "instructions", "max_output_tokens"};

constexpr std::array<Neutral, 10> kNeutral = {{{"parallel_tool_calls", ""},
                                               {"tools", "[]"},
                                               {"include", "[]"},
                                               {"tool_choice", "\"auto\""},
                                               {"tool_choice", "\"none\""},
                                               {"truncation", "\"disabled\""},
                                               {"truncation", "\"auto\""},
                                               {"background", "false"},
                                               {"top_logprobs", "0"},
                                               {"text", R"({"format":{"type":"text"}})"}}};

constexpr MemberRules kRules = {.read = kRead,
                                .same = kSame,
                                .neutral = kNeutral,
                                .advice = " is not served here; POST /v1/chat/completions may"};

/// Writes the request as one for a chat completion.
class Translator {
 public:
  std::optional<Refusal> translate(std::string_view body) {
    json_.open('{');
    ObjectItems members(body);
    while (const auto member = members.next()) {
      if (member->name == "max_output_tokens") json_.key("max_tokens").raw(member->value);
      if (auto refused = copy_member(json_, *member, kRules)) return refused;
    }
    return write_messages(body);
  }
  std::string take() && { return std::move(json_.close('}')).take(); }

 private:
  std::optional<Refusal> write_messages(std::string_view body) {
    const auto scanned = json::scan_object(body, kRead);
    if (!scanned) return Refusal{"", "the body is not a JSON object"};
    const Member& input = scanned->members[0];
    const Member& instructions = scanned->members[1];
    if (instructions.kind != Kind::string && !is_absent(instructions)) {
      return Refusal{"instructions", "instructions must be a string"};
    }
    json_.key("messages").open('[');
    if (instructions.kind == Kind::string) write_message(json_, "system", instructions.text);
    if (input.kind == Kind::string) {
      write_message(json_, "user", input.text);
    } else if (auto refused = write_items(input)) {
      return refused;
    }
    json_.close(']');
    return std::nullopt;
  }

  std::optional<Refusal> write_items(const Member& input) {
    if (input.kind != Kind::array) return Refusal{"input", "input must be a string or a list"};
    json::ArrayItems items(input.text);
    std::size_t read = 0;
    for (; const auto item = items.next(); ++read) {
      const std::string place = fmt::format("input[{}]", read);
      if (!has_known_role(*item)) {
        return Refusal{place + ".role",
                       place + ".role must be system, developer, user or assistant"};
      }
      if (!write_item(*item)) {
        return Refusal{place, place + " must be a message whose content is text"};
      }
    }
    if (read == 0) return Refusal{"input", "input must be a list of at least one message"};
    return std::nullopt;
  }

  /// An item without a role is refused for what it is.
  static bool has_known_role(std::string_view item) {
    constexpr std::array<std::string_view, 1> kRole = {"role"};
    constexpr std::array<std::string_view, 4> kRoles = {"system", "developer", "user", "assistant"};
    const auto scanned = json::scan_object(item, kRole);
    if (!scanned || scanned->members[0].kind != Kind::string) return true;
    return std::find(kRoles.begin(), kRoles.end(), scanned->members[0].text) != kRoles.end();
  }

  bool write_item(std::string_view item) {
    constexpr std::array<std::string_view, 3> kNames = {"type", "role", "content"};
    const auto scanned = json::scan_object(item, kNames);
    if (!scanned) return false;
    const Member& type = scanned->members[0];
    const Member& role = scanned->members[1];
    const Member& content = scanned->members[2];
    const bool is_message = type.kind == Kind::absent || type.text == "message";
    if (!is_message || role.kind != Kind::string) return false;
    std::string text;
    if (!read_content(content, text)) return false;
    write_message(json_, role.text, text);
    return true;
  }

  static bool read_content(const Member& content, std::string& text) {
    if (content.has_lone_surrogate) return false;
    if (content.kind == Kind::string) return text = content.text, true;
    if (content.kind != Kind::array) return false;
    json::ArrayItems parts(content.text);
    while (const auto part = parts.next()) {
      if (!read_part(*part, text)) return false;
    }
    return true;
  }

  static bool read_part(std::string_view part, std::string& text) {
    constexpr std::array<std::string_view, 2> kNames = {"type", "text"};
    const auto scanned = json::scan_object(part, kNames);
    if (!scanned) return false;
    const Member& type = scanned->members[0];
    const Member& words = scanned->members[1];
    const bool is_text = type.text == "input_text" || type.text == "output_text";
    if (!is_text || words.kind != Kind::string || words.has_lone_surrogate) return false;
    if (!text.empty()) text += '\n';
    text += words.text;
    return true;
  }

  json::Writer json_ = json::Writer(1024);
};

}  // namespace

Result<CompletionCall, HttpResponse> read_response_call(const std::string& body,
                                                        SessionMember session_member) {
  const auto refuse = [](const Refusal& why) { return tl::unexpected(refusal_response(why)); };
  if (const auto scanned = json::scan_object(body, {}); !scanned) {
    return refuse({"", "the body is not a JSON object: " + scanned.error().detail});
  }
  Translator translator;
  if (const auto refused = translator.translate(body)) return refuse(*refused);
  auto call = read_completion_call(std::move(translator).take(), session_member);
  if (call) call->style = AnswerStyle::response;
  return call;
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
