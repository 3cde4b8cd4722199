// What Anthropic's /v1/messages refuses of a request. Neighbouring messages of one role are one
// turn, as there: they need not alternate.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "models.hpp"

namespace upstream {

namespace {

using Ids = std::vector<std::string>;

/// What matters of a turn for the pairs of calls and results.
struct Turn {
  std::string role = {};
  Ids calls = {};
  Ids results = {};
};

bool is_id(const std::string& id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

std::string wrong_in_tools(const OrderedJson& tools) {
  for (const auto& tool : tools) {
    const bool is_own = !text_or(tool, "type", "").empty();  // of the server
    if (!is_own && text_or(value_of(tool, "input_schema"), "type", "") != "object") {
      return "tools.input_schema.type: Field required, and must be 'object'";
    }
  }
  return {};
}

std::string wrong_in_block(const OrderedJson& block) {
  const std::string type = text_or(block, "type", "");
  if (type == "text" && is_blank(text_or(block, "text", ""))) {
    return "messages: text content blocks must contain non-whitespace text";
  }
  const bool is_result = type == "tool_result";
  const bool is_call = type == "tool_use";
  if ((is_call || is_result) && !is_id(text_or(block, is_call ? "id" : "tool_use_id", ""))) {
    return "messages: the id of a call should match pattern '^[a-zA-Z0-9_-]+$'";
  }
  if (is_call && !value_of(block, "input").is_object()) {
    return "messages: tool_use.input should be an object";
  }
  return {};
}

std::string wrong_in_message(const OrderedJson& message) {
  const std::string role = text_or(message, "role", "");
  if (role != "user" && role != "assistant") return "messages.role: must be user or assistant";
  const OrderedJson content = value_of(message, "content");
  if (content.is_string()) return wrong_in_block({{"type", "text"}, {"text", content}});
  if (!content.is_array()) return "messages.content: should be a string or a list";
  if (content.empty()) return "messages: all messages must have non-empty content";
  for (const auto& block : content) {
    if (std::string wrong = wrong_in_block(block); !wrong.empty()) return wrong;
  }
  return {};
}

void add_ids(Turn& turn, const OrderedJson& content) {
  for (const auto& block : content) {
    const std::string type = text_or(block, "type", "");
    if (type == "tool_use") turn.calls.push_back(text_or(block, "id", ""));
    if (type == "tool_result") turn.results.push_back(text_or(block, "tool_use_id", ""));
  }
}

std::vector<Turn> turns_of(const OrderedJson& messages) {
  std::vector<Turn> turns;
  for (const auto& message : messages) {
    const std::string role = text_or(message, "role", "");
    if (turns.empty() || turns.back().role != role) turns.push_back({.role = role});
    add_ids(turns.back(), value_of(message, "content"));
  }
  return turns;
}

/// The first id of `needed` that is not among `given`; empty if there is none.
std::string missing(const Ids& needed, const Ids& given) {
  const auto found = std::find_if(needed.begin(), needed.end(), [&](const std::string& id) {
    return std::find(given.begin(), given.end(), id) == given.end();
  });
  return found == needed.end() ? std::string() : *found;
}

/// Each result has its call in the turn before, and each call its result in the next one.
std::string wrong_in_pairs(const std::vector<Turn>& turns) {
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const Ids before = i == 0 ? Ids() : turns[i - 1].calls;
    const Ids after = i + 1 == turns.size() ? Ids() : turns[i + 1].results;
    if (const std::string id = missing(turns[i].results, before); !id.empty()) {
      return fmt::format("messages: unexpected `tool_use_id` in `tool_result` blocks: {}", id);
    }
    if (const std::string id = missing(turns[i].calls, after); !id.empty()) {
      return fmt::format("messages: `tool_use` ids without `tool_result` blocks after: {}", id);
    }
  }
  return {};
}

bool has_call(const std::vector<Turn>& turns) {
  return std::any_of(turns.begin(), turns.end(),
                     [](const Turn& turn) { return !turn.calls.empty(); });
}

std::string wrong_in_numbers(const OrderedJson& body) {
  const OrderedJson limit = value_of(body, "max_tokens");
  if (!limit.is_number()) return "max_tokens: Field required";
  if (!limit.is_number_integer() || limit < 1) return "max_tokens: must be an integer above 0";
  const OrderedJson temperature = value_of(body, "temperature");
  const bool is_in_range = temperature.is_number() && temperature >= 0 && temperature <= 1;
  return temperature.is_null() || is_in_range ? std::string() : "temperature: range: 0..1";
}

}  // namespace

std::string wrong_for_anthropic(const OrderedJson& body) {
  if (std::string wrong = wrong_in_numbers(body); !wrong.empty()) return wrong;
  const OrderedJson messages = value_of(body, "messages");
  for (const auto& message : messages) {
    if (std::string wrong = wrong_in_message(message); !wrong.empty()) return wrong;
  }
  const std::vector<Turn> turns = turns_of(messages);
  if (std::string wrong = wrong_in_pairs(turns); !wrong.empty()) return wrong;
  const OrderedJson tools = value_of(body, "tools");
  if (!tools.is_array() && has_call(turns)) return "tools: Field required with tool_use blocks";
  return tools.is_array() ? wrong_in_tools(tools) : std::string();
}

}  // namespace upstream
