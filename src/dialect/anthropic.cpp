#include <vx11/detail/mistakes.hpp>
#include <vx11/dialect/anthropic.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "dialect/anthropic_answer.hpp"
#include "dialect/completion_request.hpp"
#include "dialect/conversation.hpp"
#include "dialect/translating_dialect.hpp"
#include "json/scan.hpp"
#include "json/writer.hpp"
#include "router/message_json.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using dialect::PlainChat;
using dialect::PlainMessage;
using dialect::Tool;
using dialect::ToolCall;
using dialect::ToolChoice;
using dialect::ToolUse;
using dialect::Translated;
using dialect::Translation;

constexpr std::array<std::string_view, 5> kWritten = {"model", "max_tokens", "system", "messages",
                                                      "stream"};
constexpr std::array<Translation, 4> kKnown = {Translation{"temperature", "temperature"},
                                               {"top_p", "top_p"},
                                               {"stop", "stop_sequences"},
                                               {"max_tokens", "max_tokens"}};

bool is_of_id(char c) noexcept {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// The API refuses ids with other characters than its own ids have. Ids that differ in those stay
/// different.
std::string own_id(const std::string& id) {
  if (std::all_of(id.begin(), id.end(), is_of_id)) return id;
  std::string made(id);
  std::replace_if(
      made.begin(), made.end(), [](char c) { return !is_of_id(c); }, '_');
  return made + '_' + std::to_string(std::hash<std::string>()(id) % 1'000'000'000);
}

/// What an assistant said and called. The API refuses a text of whitespace only.
void write_turn(json::Writer& json, const PlainMessage& message) {
  json.open('{').key("role").string(message.role).key("content").open('[');
  if (!dialect::is_blank(message.text)) {
    json.open('{').key("type").string("text").key("text").string(message.text).close('}');
  }
  for (const ToolCall& call : message.calls) {
    json.open('{').key("type").string("tool_use").key("id").string(own_id(call.id));
    json.key("name").string(call.name).key("input").raw(call.arguments).close('}');
  }
  json.close(']').close('}');
}

using Messages = std::span<const PlainMessage>;

/// The results at the front of `messages` are one message of the user: the API requires those of
/// all calls of a turn in the next one.
/// \return the messages after them
Messages write_results(json::Writer& json, Messages messages) {
  json.open('{').key("role").string("user").key("content").open('[');
  for (; !messages.empty() && messages.front().role == "tool"; messages = messages.subspan(1)) {
    json.open('{').key("type").string("tool_result");
    json.key("tool_use_id").string(own_id(messages.front().call_id));
    json.key("content").string(messages.front().text).close('}');
  }
  json.close(']').close('}');
  return messages;
}

void write_messages(json::Writer& json, Messages messages) {
  while (!messages.empty()) {
    const PlainMessage& next = messages.front();
    if (next.role == "tool") {
      messages = write_results(json, messages);
      continue;
    }
    if (!next.calls.empty()) {
      write_turn(json, next);
    } else if (next.role != "assistant" || !dialect::is_blank(next.text)) {
      vx11::write_message(json, next.role, next.text);
    }
    messages = messages.subspan(1);
  }
}

std::string tools_of(const std::vector<Tool>& tools) {
  json::Writer json;
  json.open('[');
  for (const Tool& tool : tools) {
    json.open('{').key("name").string(tool.name);
    if (!tool.description.empty()) json.key("description").string(tool.description);
    json.key("input_schema").raw(tool.schema).close('}');
  }
  return std::move(json.close(']')).take();
}

std::string_view type_of(ToolUse use) noexcept {
  switch (use) {
    case ToolUse::automatic:
      break;
    case ToolUse::none:
      return "none";
    case ToolUse::required:
      return "any";
    case ToolUse::named:
      return "tool";
  }
  return "auto";
}

std::string choice_of(const ToolChoice& choice) {
  json::Writer json;
  json.open('{').key("type").string(type_of(choice.use));
  if (!choice.name.empty()) json.key("name").string(choice.name);
  const bool is_forbidden = choice.parallel == dialect::ParallelCalls::forbidden;
  if (is_forbidden && choice.use != ToolUse::none) {
    json.key("disable_parallel_tool_use").boolean(true);
  }
  return std::move(json.close('}')).take();
}

/// The tools that are called in earlier messages.
std::vector<Tool> called_in(const std::vector<PlainMessage>& messages) {
  std::vector<Tool> tools;
  for (const PlainMessage& message : messages) {
    for (const ToolCall& call : message.calls) {
      const bool is_known = std::any_of(tools.begin(), tools.end(),
                                        [&](const Tool& tool) { return tool.name == call.name; });
      if (!is_known) tools.push_back({.name = call.name});
    }
  }
  return tools;
}

bool has_tools(std::string_view extra) {
  constexpr std::array<std::string_view, 1> kTools = {"tools"};
  const auto read = json::scan_object(extra, kTools);
  return read && dialect::is_given(read->members[0]);
}

void add_tools(std::vector<Translated>& members, const std::vector<Tool>& tools,
               const ToolChoice& choice) {
  if (tools.empty()) return;
  members.push_back({.name = "tools", .json = tools_of(tools)});
  members.push_back({.name = "tool_choice", .json = choice_of(choice)});
}

/// The members of a request that the chat has in place of the configuration. The API refuses calls
/// in messages without any tools: those of the calls are declared, and none may be called.
std::vector<Translated> members_of(const PlainChat& chat, std::string_view extra) {
  std::vector<Translated> members = chat.members;
  if (!chat.tools.empty()) {
    add_tools(members, chat.tools, chat.choice);
  } else if (!has_tools(extra)) {
    add_tools(members, called_in(chat.messages), {.use = ToolUse::none});
  }
  return members;
}

/// The API takes temperatures up to 1; those of other APIs reach 2.
bool is_too_hot(const Translated& member) noexcept {
  if (member.name != "temperature") return false;
  double value = 0;
  const auto [end, bad] =
      std::from_chars(member.json.data(), member.json.data() + member.json.size(), value);
  return bad == std::errc() && value > 1;
}

class AnthropicDialect final : public dialect::TranslatingDialect {
 public:
  explicit AnthropicDialect(AnthropicDialectOptions options)
      : TranslatingDialect(std::move(options.model),
                           {std::move(options.system_prompt), options.history_tokens}, kKnown),
        path_(dialect::joined_path(options.base_path, "/messages")),
        version_(std::move(options.version)),
        max_tokens_(options.max_tokens),
        extra_(std::move(options.extra_json)) {}

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    return dialect::read_message(response.body);
  }
  std::unique_ptr<ChatEventReader> event_reader() const override {
    return dialect::message_reader();
  }
  ModelIdentity identity() const noexcept override {
    return {.provider = "anthropic", .model = model()};
  }

 private:
  Result<HttpRequest> write(const PlainChat& chat, AnswerForm form) const override {
    if (std::any_of(chat.members.begin(), chat.members.end(), is_too_hot)) {
      return fail(Errc::invalid_argument, "temperature: this upstream's API takes 0 to 1");
    }
    HttpRequest request = dialect::post_json(path_, form, "text/event-stream");
    request.headers.add("anthropic-version", version_);
    request.body = body(chat, form);
    return request;
  }

  std::string body(const PlainChat& chat, AnswerForm form) const {
    const std::vector<Translated> members = members_of(chat, extra_);
    json::Writer json;
    json.open('{').key("model").string(chat.model);
    const bool limited = std::any_of(members.begin(), members.end(), [](const Translated& member) {
      return member.name == "max_tokens";
    });
    if (!limited) json.key("max_tokens").integer(max_tokens_);
    for (const Translated& member : members) json.plain_key(member.name).raw(member.json);
    if (!chat.system.empty()) json.key("system").string(chat.system);
    json.key("messages").open('[');
    write_messages(json, chat.messages);
    json.close(']').key("stream").boolean(form == AnswerForm::stream);
    json.members_of(dialect::without_members(extra_, members));
    return std::move(json.close('}')).take();
  }

  std::string path_;
  std::string version_;
  std::uint32_t max_tokens_;
  std::string extra_;
};

}  // namespace

Result<std::shared_ptr<const ChatDialect>> anthropic_dialect(AnthropicDialectOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(!dialect::is_path(options.base_path), "base_path must begin with / and be ASCII");
  mistakes.add_if(options.max_tokens == 0, "max_tokens must be at least 1");
  mistakes.add_if(options.version.empty(), "version must not be empty");
  dialect::settle_extra(options.extra_json, kWritten, mistakes);
  if (Result<void> result = std::move(mistakes).result(); !result) {
    return fail(std::move(result.error()));
  }
  return std::make_shared<const AnthropicDialect>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
