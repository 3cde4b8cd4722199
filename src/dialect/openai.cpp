#include <vx11/detail/mistakes.hpp>
#include <vx11/dialect/openai.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "dialect/conversation.hpp"
#include "dialect/openai_answer.hpp"
#include "json/edit.hpp"
#include "json/text.hpp"
#include "json/writer.hpp"
#include "router/message_json.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using json::MemberEdit;

constexpr std::array<std::string_view, 3> kWritten = {"model", "messages", "stream"};

class OpenAiDialect final : public ChatDialect {
 public:
  explicit OpenAiDialect(OpenAiDialectOptions options) : options_(std::move(options)) {
    if (options_.path.empty())
      options_.path = dialect::joined_path(options_.base_path, "/chat/completions");
  }

  Result<HttpRequest> ask(const ChatRequest& chat) const override {
    return ask(chat, AnswerForm::whole);
  }

  Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm form) const override {
    Result<std::string> body =
        chat.completion_json.empty() ? written(chat, form) : passed_on(chat.completion_json, form);
    if (!body) return fail(std::move(body.error()));
    HttpRequest request = dialect::post_json(options_.path, form, "text/event-stream");
    request.body = *std::move(body);
    return request;
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    return dialect::read_completion(response.body);
  }

  std::unique_ptr<ChatEventReader> event_reader() const override {
    return dialect::completion_reader();
  }

  ModelIdentity identity() const noexcept override {
    return {.provider = "openai", .model = options_.model};
  }

 private:
  Result<std::string> passed_on(std::string_view completion, AnswerForm form) const {
    const bool whole = form == AnswerForm::whole;
    // Only an edit if the client streams: a body that says nothing of it is for a whole answer.
    std::array<MemberEdit, 3> edits = {
        MemberEdit{"stream", whole ? "false" : "true",
                   whole ? MemberEdit::WhenAbsent::skip : MemberEdit::WhenAbsent::add}};
    std::size_t count = 1;
    if (whole) edits[count++] = {"stream_options", "null", MemberEdit::WhenAbsent::skip};
    const std::string model = json::quoted(options_.model);
    if (!options_.model.empty()) edits[count++] = {"model", model, MemberEdit::WhenAbsent::add};
    auto body = json::edited(completion, std::span(edits).first(count));
    if (!body) return fail(Errc::invalid_argument, "completion: " + body.error().detail);
    return *std::move(body);
  }

  Result<std::string> written(const ChatRequest& chat, AnswerForm form) const {
    if (chat.message.empty()) return fail(Errc::invalid_argument, "the message is empty");
    json::Writer json(chat.message.size() + 512);
    json.open('{');
    if (!options_.model.empty()) json.key("model").string(options_.model);
    json.key("messages").open('[');
    if (!options_.system_prompt.empty())
      vx11::write_message(json, "system", options_.system_prompt);
    for (const ChatMessage& earlier : dialect::newest(chat.history, options_.history_tokens)) {
      vx11::write_message(json, earlier.role, earlier.text);
    }
    vx11::write_message(json, "user", chat.message);
    json.close(']').key("stream").boolean(form == AnswerForm::stream);
    json.members_of(options_.extra_json);
    return std::move(json.close('}')).take();
  }

  OpenAiDialectOptions options_;
};

}  // namespace

Result<std::shared_ptr<const ChatDialect>> openai_dialect(OpenAiDialectOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(!dialect::is_path(options.base_path), "base_path must begin with / and be ASCII");
  mistakes.add_if(!dialect::is_path(options.path), "path must begin with / and be ASCII");
  dialect::settle_extra(options.extra_json, kWritten, mistakes);
  if (Result<void> result = std::move(mistakes).result(); !result) {
    return fail(std::move(result.error()));
  }
  return std::make_shared<const OpenAiDialect>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
