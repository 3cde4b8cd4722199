#include "dialect/tools.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "dialect/completion_request.hpp"
#include "dialect/conversation.hpp"
#include "json/edit.hpp"
#include "json/scan.hpp"
#include "json/text.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

namespace {

using json::Kind;
using json::Member;

bool is_name(const Member& member) noexcept {
  return member.kind == Kind::string && !member.text.empty() && !member.has_lone_surrogate;
}

std::string place(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

Error no_function(const std::string& where) {
  return Error(Errc::invalid_argument,
               where + ": must be a function with a name, and an object as its parameters");
}

Error no_call(const std::string& where) {
  return Error(Errc::invalid_argument,
               where +
                   ": must be a call of a function by the assistant, with an id "
                   "and the text of a JSON object as its arguments");
}

/// The member `function` of an object whose `type` is `function`, or absent.
struct Function {
  std::string json = {};
  std::string id = {};      ///< Of a call.
  std::string rest = "{}";  ///< The other members of the object.
};

/// \return none if it is not such an object
std::optional<Function> function_of(std::string_view object) {
  constexpr std::array<std::string_view, 4> kNames = {"type", "function", "id", "index"};
  auto read = json::split_object(object, kNames);
  if (!read || read->found.members[1].kind != Kind::object) return std::nullopt;
  const Member& type = read->found.members[0];
  if (is_given(type) && type.text != "function") return std::nullopt;
  Function function{.json = std::string(read->found.members[1].text), .rest = read->rest};
  if (is_name(read->found.members[2])) function.id = read->found.members[2].text;
  return function;
}

/// Anthropic requires a `type` in the schema.
std::string schema_of(std::string_view parameters) {
  constexpr std::array<std::string_view, 1> kType = {"type"};
  if (parameters == "{}") return Tool().schema;
  const auto read = json::scan_object(parameters, kType);
  if (!read || is_given(read->members[0])) return std::string(parameters);
  const json::MemberEdit edit{"type", R"("object")"};
  return json::with_members(parameters, {&edit, 1});
}

std::optional<Error> read_function(std::string_view function, const std::string& where,
                                   std::vector<std::string>& ignored, Tool& tool) {
  constexpr std::array<std::string_view, 3> kNames = {"name", "description", "parameters"};
  const auto read = json::split_object(function, kNames);
  if (!read || !is_name(read->found.members[0])) return no_function(where + ".name");
  const Member& description = read->found.members[1];
  const Member& schema = read->found.members[2];
  if (is_given(description) &&
      (description.kind != Kind::string || description.has_lone_surrogate)) {
    return Error(Errc::invalid_argument, where + ".description: must be a text of valid Unicode");
  }
  if (is_given(schema) && schema.kind != Kind::object) return no_function(where + ".parameters");
  tool.name = read->found.members[0].text;
  if (is_given(description)) tool.description = description.text;
  if (is_given(schema)) tool.schema = schema_of(schema.text);
  const std::string unread = unread_member(read->rest, "tools[].function", ignored);
  if (!unread.empty()) return refused(where + '.' + unread);
  return std::nullopt;
}

std::optional<Error> read_tool(std::string_view item, const std::string& where,
                               std::vector<std::string>& ignored, Tool& tool) {
  const auto function = function_of(item);
  if (!function) return no_function(where);
  const std::string unread = unread_member(function->rest, "tools[]", ignored);
  if (!unread.empty()) return refused(where + '.' + unread);
  return read_function(function->json, where + ".function", ignored, tool);
}

Result<ToolCall> read_call(std::string_view item, const std::string& where,
                           std::vector<std::string>& ignored) {
  constexpr std::array<std::string_view, 2> kNames = {"name", "arguments"};
  const auto function = function_of(item);
  if (!function || function->id.empty()) return fail(no_call(where));
  const auto read = json::split_object(function->json, kNames);
  if (!read || !is_name(read->found.members[0])) return fail(no_call(where));
  const Member& sent = read->found.members[1];
  if (sent.kind != Kind::string || sent.has_lone_surrogate) return fail(no_call(where));
  auto arguments = arguments_in(sent.text);
  if (!arguments) return fail(no_call(where));
  std::string unread = unread_member(function->rest, "messages[].tool_calls[]", ignored);
  if (!unread.empty()) return fail(refused(where + '.' + unread));
  unread = unread_member(read->rest, "messages[].tool_calls[].function", ignored);
  if (!unread.empty()) return fail(refused(where + ".function." + unread));
  return ToolCall{.id = function->id,
                  .name = std::string(read->found.members[0].text),
                  .arguments = *std::move(arguments)};
}

}  // namespace

std::optional<std::string> arguments_in(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const std::string_view trimmed = first == text.npos ? "" : text.substr(first);
  if (trimmed.empty() || trimmed.substr(0, trimmed.find_last_not_of(" \t\r\n") + 1) == "null") {
    return "{}";
  }
  if (!json::scan_object(text, {})) return std::nullopt;
  std::string compact;
  json::append_canonical(compact, text);
  return compact.substr(compact.find('{'));
}

Result<std::vector<Tool>> read_tools(std::string_view value, std::vector<std::string>& ignored) {
  std::vector<Tool> tools;
  if (!value.starts_with('[')) {
    return fail(Errc::invalid_argument, "tools: must be a list of functions");
  }
  json::ArrayItems items(value);
  while (const auto item = items.next()) {
    const std::string where = place("tools", tools.size());
    if (auto error = read_tool(*item, where, ignored, tools.emplace_back())) return fail(*error);
  }
  return tools;
}

Result<std::vector<ToolCall>> read_calls(std::string_view value, const std::string& message,
                                         std::vector<std::string>& ignored) {
  const std::string list = message + ".tool_calls";
  std::vector<ToolCall> calls;
  json::ArrayItems items(value);
  while (const auto item = items.next()) {
    auto call = read_call(*item, place(list, calls.size()), ignored);
    if (!call) return fail(std::move(call.error()));
    calls.push_back(*std::move(call));
  }
  if (calls.empty()) return fail(no_call(list));
  return calls;
}

std::optional<ToolChoice> read_choice(std::string_view value) {
  if (value == R"("auto")") return ToolChoice{};
  if (value == R"("none")") return ToolChoice{.use = ToolUse::none};
  if (value == R"("required")") return ToolChoice{.use = ToolUse::required};
  constexpr std::array<std::string_view, 1> kName = {"name"};
  const auto function = function_of(value);
  if (!function) return std::nullopt;
  const auto read = json::scan_object(function->json, kName);
  if (!read || !is_name(read->members[0])) return std::nullopt;
  return ToolChoice{.use = ToolUse::named, .name = std::string(read->members[0].text)};
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
