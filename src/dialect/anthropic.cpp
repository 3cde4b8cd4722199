#include <vx11/dialect/anthropic.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "dialect/anthropic_answer.hpp"
#include "dialect/completion_request.hpp"
#include "dialect/conversation.hpp"
#include "json/writer.hpp"
#include "text/mistake_list.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using dialect::PlainChat;
using dialect::Translated;
using dialect::Translation;

constexpr std::array<std::string_view, 5> kWritten = {"model", "max_tokens", "system", "messages",
                                                      "stream"};
constexpr std::array<Translation, 4> kKnown = {Translation{"temperature", "temperature"},
                                               {"top_p", "top_p"},
                                               {"stop", "stop_sequences"},
                                               {"max_tokens", "max_tokens"}};

class AnthropicDialect final : public ChatDialect {
 public:
  explicit AnthropicDialect(AnthropicDialectOptions options) : options_(std::move(options)) {}

  Result<HttpRequest> ask(const ChatRequest& chat) const override {
    return ask(chat, AnswerForm::whole);
  }
  Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm form) const override {
    const auto plain = read(chat);
    if (!plain) return fail(plain.error());
    const std::string& model = options_.model.empty() ? plain->model : options_.model;
    if (model.empty()) return fail(Errc::invalid_argument, "model: the messages API requires one");
    HttpRequest request =
        dialect::post_json(options_.base_path + "/messages", form, "text/event-stream");
    request.headers.add("anthropic-version", options_.version);
    request.body = body(*plain, model, form);
    return request;
  }
  std::vector<std::string> ignored_members(const ChatRequest& chat) const override {
    auto plain = read(chat);
    return plain ? std::move(plain->ignored) : std::vector<std::string>();
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    return dialect::read_message(response.body);
  }
  std::unique_ptr<ChatEventReader> event_reader() const override {
    return dialect::message_reader();
  }

 private:
  Result<PlainChat> read(const ChatRequest& chat) const {
    return dialect::read_chat(chat, {options_.system_prompt, options_.history_tokens}, kKnown);
  }

  std::string body(const PlainChat& chat, const std::string& model, AnswerForm form) const {
    json::Writer json;
    json.open('{').key("model").string(model);
    const bool limited =
        std::any_of(chat.members.begin(), chat.members.end(),
                    [](const Translated& member) { return member.name == "max_tokens"; });
    if (!limited) json.key("max_tokens").integer(options_.max_tokens);
    for (const Translated& member : chat.members) json.plain_key(member.name).raw(member.json);
    if (!chat.system.empty()) json.key("system").string(chat.system);
    json.key("messages").open('[');
    for (const ChatMessage& message : chat.messages) {
      dialect::write_message(json, message.role, message.text);
    }
    json.close(']').key("stream").boolean(form == AnswerForm::stream);
    json.members_of(dialect::without_members(options_.extra_json, chat.members));
    return std::move(json.close('}')).take();
  }

  AnthropicDialectOptions options_;
};

}  // namespace

Result<std::shared_ptr<const ChatDialect>> anthropic_dialect(AnthropicDialectOptions options) {
  MistakeList mistakes;
  options.base_path = dialect::without_slashes(std::move(options.base_path));
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
