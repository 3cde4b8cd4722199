#include <vx11/dialect/ollama.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "dialect/completion_request.hpp"
#include "dialect/conversation.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"
#include "router/error_member.hpp"
#include "text/mistake_list.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using dialect::PlainChat;
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
  bool has_thinking = false;
};

Content content_of(const Member& message) {
  constexpr std::array<std::string_view, 2> kNames = {"content", "thinking"};
  Content content;
  if (message.kind != Kind::object) return content;
  const auto read = json::scan_object(message.text, kNames);
  if (!read) return content;
  const Member& text = read->members[0];
  const Member& thinking = read->members[1];
  if (text.kind == Kind::string) content.text = text.text;
  content.has_thinking = thinking.kind == Kind::string && !thinking.text.empty();
  return content;
}

ChatEnding ending_of(const json::Scanned& answer) {
  ChatEnding ending;
  if (answer.members[3].text == "length") ending.finish_reason = "length";
  ending.input_tokens = json::natural(answer.members[4].text);
  ending.output_tokens = json::natural(answer.members[5].text);
  return ending;
}

class LineReader final : public ChatEventReader {
 public:
  ChatEventKind read(const ServerSentEvent& event, std::string& text) override {
    auto line = json::split_object(event.data, kAnswer);
    if (!line || reports_error(line->found.members[1])) return ChatEventKind::error;
    const Content content = content_of(line->found.members[0]);
    text += content.text;
    if (line->found.members[2].text == "true") {
      done_ = true;
      ending_ = ending_of(line->found);
      upstream_json_ = std::move(line->rest);
      if (content.text.empty()) return ChatEventKind::end;
    }
    if (!content.text.empty()) return ChatEventKind::piece;
    return content.has_thinking ? ChatEventKind::part : ChatEventKind::ignored;
  }
  bool complete_at_close() const override { return done_; }  // the last line may have text in it
  ChatEnding ending() const override { return ending_; }
  std::string upstream_json() const override { return upstream_json_; }

 private:
  bool done_ = false;
  ChatEnding ending_ = {};
  std::string upstream_json_ = "{}";
};

class OllamaDialect final : public ChatDialect {
 public:
  explicit OllamaDialect(OllamaDialectOptions options) : options_(std::move(options)) {
    constexpr std::array<std::string_view, 1> kOptions = {"options"};
    if (auto extra = json::split_object(options_.extra_json, kOptions)) {
      if (extra->found.members[0].kind == Kind::object) own_ = extra->found.members[0].text;
      options_.extra_json = std::move(extra->rest);
    }
  }

  Result<HttpRequest> ask(const ChatRequest& chat) const override {
    return ask(chat, AnswerForm::whole);
  }
  Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm form) const override {
    const auto plain = read(chat);
    if (!plain) return fail(plain.error());
    const std::string& model = options_.model.empty() ? plain->model : options_.model;
    if (model.empty()) return fail(Errc::invalid_argument, "model: Ollama requires one");
    HttpRequest request =
        dialect::post_json(options_.base_path + "/api/chat", form, "application/x-ndjson");
    request.body = body(*plain, model, form);
    return request;
  }
  std::vector<std::string> ignored_members(const ChatRequest& chat) const override {
    auto plain = read(chat);
    return plain ? std::move(plain->ignored) : std::vector<std::string>();
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    auto body = json::split_object(response.body, kAnswer);
    if (!body) return fail(std::move(body.error()));
    if (reports_error(body->found.members[1])) {
      return fail(Errc::invalid_reply, "the upstream reported an error");
    }
    if (body->found.members[0].kind != Kind::object) return fail(Errc::invalid_reply, "no message");
    ChatAnswer answer(content_of(body->found.members[0]).text, std::move(body->rest));
    answer.ending = ending_of(body->found);
    return answer;
  }

  std::unique_ptr<ChatEventReader> event_reader() const override {
    return std::make_unique<LineReader>();
  }
  StreamFraming framing() const override { return StreamFraming::json_lines; }

 private:
  Result<PlainChat> read(const ChatRequest& chat) const {
    return dialect::read_chat(chat, {options_.system_prompt, options_.history_tokens}, kKnown);
  }

  std::string body(const PlainChat& chat, const std::string& model, AnswerForm form) const {
    json::Writer json;
    json.open('{').key("model").string(model).key("messages").open('[');
    if (!chat.system.empty()) dialect::write_message(json, "system", chat.system);
    for (const ChatMessage& message : chat.messages) {
      dialect::write_message(json, message.role, message.text);
    }
    json.close(']').key("stream").boolean(form == AnswerForm::stream);
    if (own_ != "{}" || !chat.members.empty()) {
      json.key("options").open('{').members_of(dialect::without_members(own_, chat.members));
      for (const Translated& member : chat.members) json.plain_key(member.name).raw(member.json);
      json.close('}');
    }
    return std::move(json.members_of(options_.extra_json).close('}')).take();
  }

  OllamaDialectOptions options_;
  std::string own_ = "{}";  ///< `options` of the configuration.
};

}  // namespace

Result<std::shared_ptr<const ChatDialect>> ollama_dialect(OllamaDialectOptions options) {
  MistakeList mistakes;
  options.base_path = dialect::without_slashes(std::move(options.base_path));
  mistakes.add_if(!dialect::is_path(options.base_path), "base_path must begin with / and be ASCII");
  dialect::settle_extra(options.extra_json, kWritten, mistakes);
  if (Result<void> result = std::move(mistakes).result(); !result) {
    return fail(std::move(result.error()));
  }
  return std::make_shared<const OllamaDialect>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
