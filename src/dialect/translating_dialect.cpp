#include "dialect/translating_dialect.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

Result<HttpRequest> TranslatingDialect::ask(const ChatRequest& chat, AnswerForm form) const {
  auto encoded = encode(chat, form);
  if (!encoded) return fail(std::move(encoded.error()));
  return std::move(encoded->request);
}

Result<EncodedChat> TranslatingDialect::encode(const ChatRequest& chat, AnswerForm form) const {
  auto plain = read_chat(chat, options_, known_);
  if (!plain) return fail(std::move(plain.error()));
  if (!model_.empty()) plain->model = model_;
  if (plain->model.empty()) {
    return fail(Errc::invalid_argument, "model: the upstream's API requires one");
  }
  auto request = write(*plain, form);
  if (!request) return fail(std::move(request.error()));
  return EncodedChat(*std::move(request), std::move(plain->ignored));
}

std::vector<std::string> TranslatingDialect::ignored_members(const ChatRequest& chat) const {
  auto plain = read_chat(chat, options_, known_);
  return plain ? std::move(plain->ignored) : std::vector<std::string>();
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
