#include <vx11/detail/mistakes.hpp>
#include <vx11/dialect/ollama.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialect/completion_request.hpp"
#include "dialect/conversation.hpp"
#include "dialect/translating_dialect.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"
#include "router/error_member.hpp"
#include "router/message_json.hpp"
#include "router/no_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using dialect::PlainChat;
using dialect::PlainMessage;
using dialect::refused;
using dialect::Tool;
using dialect::ToolCall;
using dialect::ToolUse;
using dialect::Translated;
using dialect::Translation;
using json::Kind;
using json::Member;

constexpr std::array<std::string_view, 3> kWritten = {"model", "messages", "stream"};

/// What becomes a member of `options`.
constexpr std::array<Translation, 7> kKnown = {Translation{"temperature", "temperature"},
                                               {"top_p", "top_p"},
                                               {"seed", "seed"},
                                               {"stop", "stop"},
                                               {"max_tokens", "num_predict"},
                                               {"frequency_penalty", "frequency_penalty"},
                                               {"presence_penalty", "presence_penalty"}};

/// The members that matter in an answer, whole or a line of a stream.
constexpr std::array<std::string_view, 6> kAnswer = {
    "message", "error", "done", "done_reason", "prompt_eval_count", "eval_count"};

struct Content {
  std::string text = {};
  std::vector<ToolCall> calls = {};
  bool has_thinking = false;
};

/// Versions of Ollama before ids were added send none. Made of the answer, which has its time in
/// nanoseconds, it differs from those of all other answers in a conversation.
std::string made_id(std::string_view answer, std::size_t index) {
  return "call_" + std::to_string(std::hash<std::string_view>()(answer)) + "_" +
         std::to_string(index);
}

/// Some models behind Ollama send the text of the object.
std::optional<std::string> object_of(const Member& arguments) {
  if (arguments.kind == Kind::object) return std::string(arguments.text);
  if (!dialect::is_given(arguments)) return "{}";
  return arguments.kind == Kind::string ? dialect::arguments_in(arguments.text) : std::nullopt;
}

/// \return none if it is no call
std::optional<ToolCall> call_of(std::string_view call) {
  constexpr std::array<std::string_view, 2> kCall = {"id", "function"};
  constexpr std::array<std::string_view, 2> kFunction = {"name", "arguments"};
  const auto read = json::scan_object(call, kCall);
  if (!read) return std::nullopt;
  const auto function = json::scan_object(read->members[1].text, kFunction);
  if (!function || function->members[0].kind != Kind::string) return std::nullopt;
  auto arguments = object_of(function->members[1]);
  if (!arguments) return std::nullopt;
  ToolCall made;
  if (read->members[0].kind == Kind::string) made.id = read->members[0].text;
  made.name = function->members[0].text;
  made.arguments = *std::move(arguments);
  return made;
}

/// \param answer the whole line or body
/// \param first the number of calls before it
/// \return none if a tool call is damaged
std::optional<Content> content_of(const Member& message, std::string_view answer,
                                  std::size_t first) {
  constexpr std::array<std::string_view, 3> kNames = {"content", "thinking", "tool_calls"};
  Content content;
  if (message.kind != Kind::object) return content;
  const auto read = json::scan_object(message.text, kNames);
  if (!read) return content;
  const Member& text = read->members[0];
  const Member& thinking = read->members[1];
  if (text.kind == Kind::string) content.text = text.text;
  content.has_thinking = thinking.kind == Kind::string && !thinking.text.empty();
  json::ArrayItems calls(read->members[2].text);
  while (const auto item = calls.next()) {
    auto call = call_of(*item);
    if (!call) return std::nullopt;
    if (call->id.empty()) call->id = made_id(answer, first + content.calls.size());
    content.calls.push_back(*std::move(call));
  }
  return content;
}

/// Ollama's own word for an end with calls is `stop`.
ChatEnding ending_of(const json::Scanned& answer, bool has_calls) {
  ChatEnding ending;
  if (has_calls) ending.finish_reason = "tool_calls";
  if (answer.members[3].text == "length") ending.finish_reason = "length";
  ending.input_tokens = json::natural(answer.members[4].text);
  ending.output_tokens = json::natural(answer.members[5].text);
  return ending;
}

/// A limit may leave nothing of an answer; a client that reads the reason gets it.
bool explains_emptiness(const ChatEnding& ending) noexcept {
  return ending.finish_reason == "length";
}

class LineReader final : public ChatEventReader {
 public:
  ChatEventKind read(const ServerSentEvent& event, std::string& text) override {
    auto line = json::split_object(event.data, kAnswer);
    if (!line || reports_error(line->found.members[1])) return ChatEventKind::error;
    const auto content = content_of(line->found.members[0], event.data, calls_);
    if (!content) return ChatEventKind::error;
    translate(content->calls);
    text += content->text;
    const bool has_calls = !content->calls.empty();
    const bool is_empty = content->text.empty() && !has_calls;
    begun_ = begun_ || !is_empty || content->has_thinking;
    if (line->found.members[2].text == "true") {
      done_ = true;
      ending_ = ending_of(line->found, calls_ != 0);
      upstream_json_ = std::move(line->rest);
      const bool is_explained = !begun_ && explains_emptiness(ending_);
      if (is_empty) return is_explained ? ChatEventKind::envelope : ChatEventKind::end;
    }
    if (!content->text.empty()) return ChatEventKind::piece;
    return content->has_thinking || has_calls ? ChatEventKind::part : ChatEventKind::ignored;
  }
  std::string_view translated() const noexcept override { return translated_; }
  bool complete_at_close() const override { return done_; }  // the last line may have text in it
  ChatEnding ending() const override { return ending_; }
  std::string upstream_json() const override { return upstream_json_; }

 private:
  void translate(const std::vector<ToolCall>& calls) {
    translated_ = calls.empty() ? std::string() : dialect::deltas_of(calls, calls_);
    calls_ += calls.size();
  }

  bool begun_ = false;  ///< Something of the answer was read.
  bool done_ = false;
  std::size_t calls_ = 0;  ///< The number of calls so far.
  std::string translated_ = {};
  ChatEnding ending_ = {};
  std::string upstream_json_ = "{}";
};

/// Arguments are an object here, not its text.
void write_calls(json::Writer& json, const std::vector<ToolCall>& calls) {
  json.key("tool_calls").open('[');
  for (const ToolCall& call : calls) {
    json.open('{').key("id").string(call.id).key("function").open('{');
    json.key("name").string(call.name).key("arguments").raw(call.arguments).close('}').close('}');
  }
  json.close(']');
}

void write_message(json::Writer& json, const PlainMessage& message) {
  json.open('{').key("role").string(message.role).key("content").string(message.text);
  if (!message.calls.empty()) write_calls(json, message.calls);
  if (!message.tool.empty()) json.key("tool_name").string(message.tool);
  if (!message.call_id.empty()) json.key("tool_call_id").string(message.call_id);
  json.close('}');
}

/// The member `tools`, if tools may be called: Ollama has no `tool_choice`.
std::vector<Translated> tools_of(const PlainChat& chat) {
  if (chat.tools.empty() || chat.choice.use == ToolUse::none) return {};
  json::Writer json;
  json.open('[');
  for (const Tool& tool : chat.tools) {
    json.open('{').key("type").string("function").key("function").open('{');
    json.key("name").string(tool.name);
    if (!tool.description.empty()) json.key("description").string(tool.description);
    json.key("parameters").raw(tool.schema).close('}').close('}');
  }
  return {{.name = "tools", .json = std::move(json.close(']')).take()}};
}

class OllamaDialect final : public dialect::TranslatingDialect {
 public:
  explicit OllamaDialect(OllamaDialectOptions options)
      : TranslatingDialect(std::move(options.model),
                           {std::move(options.system_prompt), options.history_tokens}, kKnown),
        path_(dialect::joined_path(options.base_path, "/api/chat")),
        extra_(std::move(options.extra_json)) {
    constexpr std::array<std::string_view, 1> kOptions = {"options"};
    if (auto extra = json::split_object(extra_, kOptions)) {
      if (extra->found.members[0].kind == Kind::object) own_ = extra->found.members[0].text;
      extra_ = std::move(extra->rest);
    }
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    auto body = json::split_object(response.body, kAnswer);
    if (!body) return no_text(std::move(body.error()));
    const Member& message = body->found.members[0];
    if (reports_error(body->found.members[1]) || message.kind != Kind::object) return ChatAnswer();
    auto content = content_of(message, response.body, 0);
    if (!content) return ChatAnswer();  // a call of a tool is damaged
    const bool has_calls = !content->calls.empty();
    ChatAnswer answer(std::move(content->text), std::move(body->rest));
    answer.ending = ending_of(body->found, has_calls);
    const bool is_explained = answer.text.empty() && explains_emptiness(answer.ending);
    const bool is_done = body->found.members[2].text == "true";
    answer.is_empty = answer.text.empty() && !has_calls && !is_explained && is_done;
    if (has_calls || is_explained || answer.is_empty) {
      answer.completion_json = dialect::completion_of(answer.text, content->calls, answer.ending);
    }
    return answer;
  }

  std::unique_ptr<ChatEventReader> event_reader() const override {
    return std::make_unique<LineReader>();
  }
  StreamFraming framing() const override { return StreamFraming::json_lines; }
  ModelIdentity identity() const noexcept override {
    return {.provider = "ollama", .model = model()};
  }

 private:
  Result<HttpRequest> write(const PlainChat& chat, AnswerForm form) const override {
    const ToolUse use = chat.choice.use;
    if (use == ToolUse::required || use == ToolUse::named) return fail(refused("tool_choice"));
    const bool is_forbidden = chat.choice.parallel == dialect::ParallelCalls::forbidden;
    if (is_forbidden && use != ToolUse::none) {
      return fail(refused("parallel_tool_calls"));
    }
    HttpRequest request = dialect::post_json(path_, form, "application/x-ndjson");
    request.body = body(chat, form);
    return request;
  }

  std::string body(const PlainChat& chat, AnswerForm form) const {
    json::Writer json;
    json.open('{').key("model").string(chat.model).key("messages").open('[');
    if (!chat.system.empty()) vx11::write_message(json, "system", chat.system);
    for (const PlainMessage& message : chat.messages) write_message(json, message);
    json.close(']').key("stream").boolean(form == AnswerForm::stream);
    if (own_ != "{}" || !chat.members.empty()) {
      json.key("options").open('{').members_of(dialect::without_members(own_, chat.members));
      for (const Translated& member : chat.members) json.plain_key(member.name).raw(member.json);
      json.close('}');
    }
    const std::vector<Translated> tools = tools_of(chat);
    for (const Translated& member : tools) json.plain_key(member.name).raw(member.json);
    return std::move(json.members_of(dialect::without_members(extra_, tools)).close('}')).take();
  }

  std::string path_;
  std::string extra_;
  std::string own_ = "{}";  ///< `options` of the configuration.
};

}  // namespace

Result<std::shared_ptr<const ChatDialect>> ollama_dialect(OllamaDialectOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(!dialect::is_path(options.base_path), "base_path must begin with / and be ASCII");
  dialect::settle_extra(options.extra_json, kWritten, mistakes);
  if (Result<void> result = std::move(mistakes).result(); !result) {
    return fail(std::move(result.error()));
  }
  return std::make_shared<const OllamaDialect>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
