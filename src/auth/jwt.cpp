#include <vx11/auth.hpp>
#include <vx11/detail/mistakes.hpp>

#include <memory>
#include <string_view>
#include <utility>

#include "auth/jwt_bearer.hpp"
#include "auth/jwt_keys.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

JwtClaimRules rules_of(JwtOptions options) {
  return {.audience = std::move(options.audience),
          .issuer = std::move(options.issuer),
          .type = std::move(options.type),
          .leeway = options.leeway,
          .clock = options.clock,
          .scopes = std::move(options.scopes)};
}

class JwtAuthenticator final : public Authenticator {
 public:
  JwtAuthenticator(JwtClaimRules rules, JwtKeys keys)
      : rules_(std::move(rules)), keys_(std::move(keys)) {}

  Access check(const Headers& headers) const override { return explain(headers).access; }

  AccessCheck explain(const Headers& headers) const override {
    return judge_bearer(headers, rules_,
                        [this](const JwtHeader& header, std::string_view text,
                               std::string_view signature) -> AccessCheck {
                          if (keys_.verify(header.algorithm(), text, signature)) {
                            return Access::granted;
                          }
                          return {Access::forbidden, "signature: wrong, or its alg is not allowed"};
                        });
  }
  std::string_view challenge() const noexcept override { return kBearerChallenge; }
  bool names_users() const noexcept override { return true; }

 private:
  JwtClaimRules rules_;
  JwtKeys keys_;
};

}  // namespace

Result<std::shared_ptr<const Authenticator>> make_jwt_authenticator(JwtOptions options) {
  detail::Mistakes mistakes;
  JwtKeys keys(options, mistakes);
  JwtClaimRules rules = rules_of(std::move(options));
  check_rules(rules, mistakes);
  Result<void> checked = std::move(mistakes).result();
  if (!checked) return fail(std::move(checked.error()));
  return std::make_shared<const JwtAuthenticator>(std::move(rules), std::move(keys));
}

}  // namespace v0
}  // namespace vx11
