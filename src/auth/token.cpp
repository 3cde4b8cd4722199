#include <vx11/auth.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>

#include "auth/credential_header.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kTokenHeader = "x-vx11-token";

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// The length is not secret; the position of the first different byte would be.
bool same_secret(std::string_view given, std::string_view secret) noexcept {
  return given.size() == secret.size() &&
         CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

/// A proxy's Basic credential, say, may stand beside the token.
Result<std::string_view, AccessCheck> bearer_of(const Headers& headers) {
  auto given = sole_credential(headers, "Authorization");
  if (!given) return given;
  const auto token = bearer_token(*given);
  if (!token || token->empty()) return tl::unexpected(AccessCheck(Access::auth_required));
  return *token;
}

class TokenAuthenticator final : public Authenticator {
 public:
  explicit TokenAuthenticator(std::string token) noexcept : token_(std::move(token)) {}

  Access check(const Headers& headers) const override { return explain(headers).access; }

  /// The token itself has no control bytes, so a value with one is wrong.
  AccessCheck explain(const Headers& headers) const override {
    const auto own = sole_credential(headers, kTokenHeader);
    if (!own && own.error().access == Access::forbidden) return own.error();
    const auto bearer = bearer_of(headers);
    if (!bearer && bearer.error().access == Access::forbidden) return bearer.error();
    if (!own && !bearer) return own.error();
    if (own && bearer && *own != *bearer) return {Access::forbidden, kSeveralCredentials};
    if (same_secret(own ? *own : *bearer, token_)) return Access::granted;
    return {Access::forbidden, "another token"};
  }
  std::string_view challenge() const noexcept override { return "VX11-Token realm=\"operator\""; }

 private:
  std::string token_;
};

class OpenAuthenticator final : public Authenticator {
 public:
  Access check(const Headers& /*headers*/) const override { return Access::granted; }
};

}  // namespace

Result<std::shared_ptr<const Authenticator>> make_token_authenticator(std::string token) {
  if (token.empty()) return fail(Errc::invalid_argument, "the token is empty");
  if (std::any_of(token.begin(), token.end(), is_control)) {
    return fail(Errc::invalid_argument, "the token has control bytes, which no header can carry");
  }
  if (token.front() == ' ' || token.back() == ' ') {
    return fail(Errc::invalid_argument, "the token begins or ends with a space");
  }
  return std::make_shared<const TokenAuthenticator>(std::move(token));
}

std::shared_ptr<const Authenticator> make_open_authenticator() {
  return std::make_shared<const OpenAuthenticator>();
}

}  // namespace v0
}  // namespace vx11
