#include "auth/presented_token.hpp"

#include <algorithm>

#include <openssl/crypto.h>

namespace vx11 {
inline namespace v0 {

namespace {

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

Result<std::string_view, AccessCheck> bearer_of(const Headers& headers) {
  auto given = sole_credential(headers, "Authorization");
  if (!given) return given;
  const auto token = bearer_token(*given);
  if (!token || token->empty()) return tl::unexpected(AccessCheck(Access::auth_required));
  return *token;
}

}  // namespace

Result<std::string_view, AccessCheck> presented_token(const Headers& headers) {
  auto own = sole_credential(headers, "x-vx11-token");
  if (!own && own.error().access == Access::forbidden) return own;
  if (own && !headers.contains("Authorization")) return own;
  auto bearer = bearer_of(headers);
  if (!own) return bearer;
  if (!bearer) return bearer.error().access == Access::forbidden ? bearer : own;
  if (*own == *bearer) return own;
  return tl::unexpected(AccessCheck(Access::forbidden, kSeveralCredentials));
}

bool same_secret(std::string_view given, std::string_view secret) noexcept {
  return given.size() == secret.size() &&
         CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

Result<void> check_sendable(std::string_view token) {
  if (token.empty()) return fail(Errc::invalid_argument, "the token is empty");
  if (std::any_of(token.begin(), token.end(), is_control)) {
    return fail(Errc::invalid_argument, "the token has control bytes, which no header can carry");
  }
  if (token.front() == ' ' || token.back() == ' ') {
    return fail(Errc::invalid_argument, "the token begins or ends with a space");
  }
  return {};
}

}  // namespace v0
}  // namespace vx11
