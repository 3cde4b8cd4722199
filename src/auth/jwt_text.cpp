#include "auth/jwt_text.hpp"

#include <vx11/headers.hpp>

#include <algorithm>

namespace vx11 {
inline namespace v0 {

std::optional<CompactToken> split_jwt(std::string_view token) {
  if (token.size() > kMaxJwtBytes || std::count(token.begin(), token.end(), '.') != 2) {
    return std::nullopt;
  }
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  return CompactToken{.header = token.substr(0, first),
                      .claims = token.substr(first + 1, second - first - 1),
                      .signature = token.substr(second + 1),
                      .signed_text = token.substr(0, second)};
}

std::string_view JwtHeader::fault() const noexcept {
  if (!part_.is_object()) return "header: not JSON in base64url";
  if (part_[0].kind != json::Kind::string) return "alg: not a string";
  // Critical extensions, of which none is supported (RFC 7515 §4.1.11).
  if (part_[1].kind != json::Kind::absent) return "crit: no extension is supported";
  const json::Kind kid = part_[2].kind;
  if (kid != json::Kind::absent && kid != json::Kind::string) return "kid: not a string";
  return {};
}

std::optional<std::string_view> JwtHeader::key_id() const noexcept {
  if (part_[2].kind == json::Kind::absent) return std::nullopt;
  return part_[2].text;
}

bool JwtHeader::is_of_type(std::string_view wanted) const noexcept {
  constexpr std::string_view kMedia = "application/";
  if (part_[3].kind != json::Kind::string) return false;
  std::string_view type = part_[3].text;
  if (equals_ignoring_case(type.substr(0, kMedia.size()), kMedia))
    type.remove_prefix(kMedia.size());
  return equals_ignoring_case(type, wanted);
}

}  // namespace v0
}  // namespace vx11
