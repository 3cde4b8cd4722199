#include "dialect/translating_dialect.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

Result<HttpRequest> TranslatingDialect::ask(const ChatRequest& chat, AnswerForm form) const {
  auto plain = read_chat(chat, options_, known_);
  if (!plain) return fail(std::move(plain.error()));
  if (!model_.empty()) plain->model = model_;
  if (plain->model.empty()) {
    return fail(Errc::invalid_argument, "model: the upstream's API requires one");
  }
  return write(*plain, form);
}

std::vector<std::string> TranslatingDialect::ignored_members(const ChatRequest& chat) const {
  auto plain = read_chat(chat, options_, known_);
  return plain ? std::move(plain->ignored) : std::vector<std::string>();
}

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
