#include <vx11/detail/mistakes.hpp>
#include <vx11/dialect/openai_embeddings.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "dialect/conversation.hpp"
#include "dialect/openai_answer.hpp"
#include "json/edit.hpp"
#include "json/scan.hpp"
#include "json/text.hpp"
#include "router/error_member.hpp"
#include "router/no_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

class EmbeddingsDialect final : public ChatDialect {
 public:
  explicit EmbeddingsDialect(OpenAiEmbeddingsOptions options) : options_(std::move(options)) {
    if (options_.path.empty())
      options_.path = dialect::joined_path(options_.base_path, "/embeddings");
  }

  Result<HttpRequest> ask(const ChatRequest& chat) const override {
    return ask(chat, AnswerForm::whole);
  }

  Result<HttpRequest> ask(const ChatRequest& chat, AnswerForm /*form*/) const override {
    if (chat.completion_json.empty()) {
      return fail(Errc::invalid_argument, "a request for embeddings needs a completion_json");
    }
    auto body = body_of(chat.completion_json);
    if (!body) return fail(Errc::invalid_argument, "completion: " + body.error().detail);
    HttpRequest request = dialect::post_json(options_.path, AnswerForm::whole, {});
    request.body = *std::move(body);
    return request;
  }

  Result<ChatAnswer> read(const HttpResponse& response) const override {
    constexpr std::array<std::string_view, 3> kNames = {"data", "error", "usage"};
    auto read = json::scan_object(response.body, kNames);
    if (!read) return no_text(std::move(read.error()));
    const bool has_data = read->members[0].kind == json::Kind::array;
    if (reports_error(read->members[1]) || !has_data) return ChatAnswer();
    ChatAnswer answer;
    answer.completion_json = response.body;
    dialect::read_usage(read->members[2], answer.ending);
    return answer;
  }

  ModelIdentity identity() const noexcept override {
    return {.operation = "embeddings", .provider = "openai", .model = options_.model};
  }

 private:
  Result<std::string, json::ScanError> body_of(const std::string& sent) const {
    if (options_.model.empty()) {
      auto valid = json::scan_object(sent, {});
      if (!valid) return tl::unexpected(std::move(valid.error()));
      return sent;
    }
    const std::string model = json::quoted(options_.model);
    const json::MemberEdit edit{"model", model};
    return json::edited(sent, {&edit, 1});
  }

  OpenAiEmbeddingsOptions options_;
};

}  // namespace

Result<std::shared_ptr<const ChatDialect>> openai_embeddings_dialect(
    OpenAiEmbeddingsOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(!dialect::is_path(options.base_path), "base_path must begin with / and be ASCII");
  mistakes.add_if(!dialect::is_path(options.path), "path must begin with / and be ASCII");
  if (Result<void> result = std::move(mistakes).result(); !result) {
    return fail(std::move(result.error()));
  }
  return std::make_shared<const EmbeddingsDialect>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
