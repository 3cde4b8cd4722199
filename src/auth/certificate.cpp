#include <vx11/certificate_auth.hpp>

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {

namespace {

/// No token has such a name, and no JWT such a subject.
const std::string kPrefix = "certificate:";

class CertificateAuthenticator final : public Authenticator {
 public:
  explicit CertificateAuthenticator(CertificateAuthOptions options)
      : tokens_(std::move(options.tokens)) {
    for (const auto& [name, scopes] : options.names) {
      AccessCheck known(Access::granted);
      known.scopes = scopes;
      known.principal = std::make_shared<const std::string>(kPrefix + name);
      by_name_.emplace(name, std::move(known));
    }
  }

  Access check(const Headers& headers) const override { return explain(headers).access; }
  AccessCheck explain(const Headers& headers) const override {
    return tokens_ ? tokens_->explain(headers) : AccessCheck(Access::auth_required);
  }
  AccessCheck authenticate(const HttpRequest& head) const override {
    AccessCheck by_token = tokens_ ? tokens_->authenticate(head) : Access::auth_required;
    const bool is_known = head.peer != nullptr && !head.peer->certificate_name.empty();
    if (by_token.access != Access::auth_required || !is_known) return by_token;
    const auto found = by_name_.find(head.peer->certificate_name);
    if (found != by_name_.end()) return found->second;
    return {Access::forbidden, "certificate: another name"};
  }
  bool names_users() const noexcept override { return tokens_ && tokens_->names_users(); }
  std::string_view challenge() const noexcept override {
    return tokens_ ? tokens_->challenge() : std::string_view();
  }

 private:
  std::shared_ptr<const Authenticator> tokens_;
  std::map<std::string, AccessCheck, std::less<>> by_name_;
};

}  // namespace

Result<std::shared_ptr<const Authenticator>> make_certificate_authenticator(
    CertificateAuthOptions options) {
  if (options.names.empty()) {
    return fail(Errc::invalid_argument, "no certificate has a scope; add a name");
  }
  for (const auto& [name, scopes] : options.names) {
    if (name.empty()) return fail(Errc::invalid_argument, "the name of a certificate is empty");
    if (scopes.empty()) {
      return fail(Errc::invalid_argument,
                  fmt::format("the certificate of {} has no scope; add one or delete it", name));
    }
  }
  return std::make_shared<const CertificateAuthenticator>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
