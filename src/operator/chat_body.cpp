#include "operator/chat_body.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "operator/answers.hpp"
#include "operator/body_fields.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

enum Field : std::size_t { message, session_id, user_id, mode, metadata };
constexpr std::array<std::string_view, 5> kNames = {"message", "session_id", "user_id", "mode",
                                                    "metadata"};
/// Far longer than a UUID or an address, and short enough for a key in any store.
constexpr std::size_t kMaxIdBytes = 256;

}  // namespace

std::optional<HttpResponse> read_chat(std::string_view body, std::size_t max_message_bytes,
                                      ChatRequest& chat) {
  auto fields = BodyFields::read(body, kNames);
  if (!fields) return std::move(fields.error());
  chat.message = fields->required_text(message);
  chat.session_id = fields->optional_word(session_id, kMaxIdBytes);
  const std::string_view user = fields->optional_word(user_id, kMaxIdBytes);
  if (!user.empty()) chat.user_id = user;
  chat.mode = fields->optional_word(mode, kMaxIdBytes);
  chat.metadata_json = fields->optional_object(metadata);
  if (!fields->are_good()) return fields->complaint();
  if (chat.message.size() > max_message_bytes) return error_answer(413, "too_large");
  return std::nullopt;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
