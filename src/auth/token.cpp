#include <vx11/auth.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "auth/presented_token.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

class TokenAuthenticator final : public Authenticator {
 public:
  explicit TokenAuthenticator(std::string token) noexcept : token_(std::move(token)) {}

  Access check(const Headers& headers) const override { return explain(headers).access; }

  /// The token itself has no control bytes, so a value with one is wrong.
  AccessCheck explain(const Headers& headers) const override {
    const auto token = presented_token(headers);
    if (!token) return token.error();
    if (same_secret(*token, token_)) return Access::granted;
    return {Access::forbidden, "another token"};
  }
  std::string_view challenge() const noexcept override { return kTokenChallenge; }

 private:
  std::string token_;
};

class OpenAuthenticator final : public Authenticator {
 public:
  Access check(const Headers& /*headers*/) const override { return Access::granted; }
};

}  // namespace

Result<std::shared_ptr<const Authenticator>> make_token_authenticator(std::string token) {
  if (Result<void> checked = check_sendable(token); !checked) return fail(checked.error());
  return std::make_shared<const TokenAuthenticator>(std::move(token));
}

std::shared_ptr<const Authenticator> make_open_authenticator() {
  return std::make_shared<const OpenAuthenticator>();
}

}  // namespace v0
}  // namespace vx11
