#include "dialect/tools.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "json/scan.hpp"
#include "json/text.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

using json::Kind;
using json::Member;

bool is_given(const Member& member) noexcept {
  return member.kind != Kind::absent && member.kind != Kind::null;
}

bool is_name(const Member& member) noexcept {
  return member.kind == Kind::string && !member.text.empty() && !member.has_lone_surrogate;
}

/// The member `function` of an object whose `type` is `function`, or absent.
/// \return none if it is not such an object
std::optional<std::string> function_of(std::string_view object) {
  constexpr std::array<std::string_view, 2> kNames = {"type", "function"};
  const auto read = json::scan_object(object, kNames);
  if (!read || read->members[1].kind != Kind::object) return std::nullopt;
  const Member& type = read->members[0];
  if (is_given(type) && type.text != "function") return std::nullopt;
  return std::string(read->members[1].text);
}

/// \return the member of the function that is wrong; empty if none is
std::string read_function(std::string_view function, Tool& tool) {
  constexpr std::array<std::string_view, 3> kNames = {"name", "description", "parameters"};
  const auto read = json::scan_object(function, kNames);
  if (!read || !is_name(read->members[0])) return "name";
  const Member& description = read->members[1];
  const Member& schema = read->members[2];
  if (is_given(description) && description.kind != Kind::string) return "description";
  if (is_given(schema) && schema.kind != Kind::object) return "parameters";
  tool.name = read->members[0].text;
  if (is_given(description)) tool.description = description.text;
  if (is_given(schema) && schema.text != "{}") tool.schema = schema.text;
  return {};
}

/// The text of an object in JSON without whitespace; none if `text` is none.
std::optional<std::string> object_in(std::string_view text) {
  if (text.empty()) return "{}";  // of a call without arguments
  if (!json::scan_object(text, {})) return std::nullopt;
  std::string compact;
  json::append_canonical(compact, text);
  return compact.substr(compact.find('{'));
}

std::optional<ToolCall> read_call(std::string_view call) {
  constexpr std::array<std::string_view, 1> kId = {"id"};
  constexpr std::array<std::string_view, 2> kNames = {"name", "arguments"};
  const auto function = function_of(call);
  const auto outer = json::scan_object(call, kId);
  if (!function || !outer || !is_name(outer->members[0])) return std::nullopt;
  const auto read = json::scan_object(*function, kNames);
  if (!read || !is_name(read->members[0])) return std::nullopt;
  const Member& sent = read->members[1];
  if (sent.kind != Kind::string || sent.has_lone_surrogate) return std::nullopt;
  auto arguments = object_in(sent.text);
  if (!arguments) return std::nullopt;
  return ToolCall{.id = std::string(outer->members[0].text),
                  .name = std::string(read->members[0].text),
                  .arguments = *std::move(arguments)};
}

std::string place(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

}  // namespace

std::optional<std::vector<Tool>> read_tools(std::string_view value, std::string& wrong) {
  std::vector<Tool> tools;
  wrong = "tools";
  if (!value.starts_with('[')) return std::nullopt;
  json::ArrayItems items(value);
  while (const auto item = items.next()) {
    wrong = place("tools", tools.size());
    const auto function = function_of(*item);
    if (!function) return std::nullopt;
    const std::string member = read_function(*function, tools.emplace_back());
    wrong += ".function." + member;
    if (!member.empty()) return std::nullopt;
  }
  return tools;
}

std::optional<std::vector<ToolCall>> read_calls(std::string_view value, std::string& wrong) {
  std::vector<ToolCall> calls;
  wrong = "tool_calls";
  json::ArrayItems items(value);
  while (const auto item = items.next()) {
    wrong = place("tool_calls", calls.size());
    auto call = read_call(*item);
    if (!call) return std::nullopt;
    calls.push_back(*std::move(call));
  }
  if (calls.empty()) return std::nullopt;
  return calls;
}

std::optional<ToolChoice> read_choice(std::string_view value) {
  if (value == R"("auto")") return ToolChoice{};
  if (value == R"("none")") return ToolChoice{.use = ToolUse::none};
  if (value == R"("required")") return ToolChoice{.use = ToolUse::required};
  constexpr std::array<std::string_view, 1> kName = {"name"};
  const auto function = function_of(value);
  if (!function) return std::nullopt;
  const auto read = json::scan_object(*function, kName);
  if (!read || !is_name(read->members[0])) return std::nullopt;
  return ToolChoice{.use = ToolUse::named, .name = std::string(read->members[0].text)};
}

bool has_strict_tool(std::string_view tools) {
  constexpr std::array<std::string_view, 1> kStrict = {"strict"};
  json::ArrayItems items(tools);
  while (const auto item = items.next()) {
    const auto function = function_of(*item);
    if (!function) continue;
    const auto read = json::scan_object(*function, kStrict);
    if (read && read->members[0].text == "true") return true;
  }
  return false;
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
