// Clients that are known by their certificates, beside tokens.
#include <vx11/certificate_auth.hpp>

#include <memory>
#include <string>

#include <doctest/doctest.h>

using vx11::Access;
using vx11::AccessCheck;
using vx11::HttpRequest;
using vx11::Scope;

namespace {

const std::string kSwitch = "spiffe://example.org/switch";

/// A request of a client with this name in its certificate, and with that token.
HttpRequest request_of(const std::string& name, const std::string& token = {}) {
  HttpRequest request;
  vx11::HttpPeer peer("192.0.2.1");
  peer.certificate_name = name;
  request.peer = std::make_shared<const vx11::HttpPeer>(peer);
  if (!token.empty()) request.headers.add("x-vx11-token", token);
  return request;
}

std::shared_ptr<const vx11::Authenticator> known(
    std::shared_ptr<const vx11::Authenticator> tokens = {}) {
  return vx11::make_certificate_authenticator(
             {.names = {{kSwitch, {Scope::chat, Scope::status}}}, .tokens = std::move(tokens)})
      .value();
}

std::shared_ptr<const vx11::Authenticator> with_token() {
  return known(vx11::make_token_authenticator("a-token-of-this-test").value());
}

}  // namespace

TEST_CASE("a certificate grants its scopes, and its name is the principal") {
  const AccessCheck check = with_token()->authenticate(request_of(kSwitch));
  CHECK(check.access == Access::granted);
  CHECK(check.scopes == vx11::Scopes{Scope::chat, Scope::status});
  REQUIRE(check.principal);
  CHECK(*check.principal == std::string("certificate:") + kSwitch);
}

TEST_CASE("a request with a token is decided by it") {
  const auto auth = with_token();
  const AccessCheck check = auth->authenticate(request_of(kSwitch, "a-token-of-this-test"));
  CHECK(check.access == Access::granted);
  CHECK(check.scopes == vx11::Scopes::all());
  CHECK(auth->authenticate(request_of(kSwitch, "another")).access == Access::forbidden);
  CHECK(auth->authenticate(request_of("", "a-token-of-this-test")).access == Access::granted);
}

TEST_CASE("an unknown certificate is forbidden, and none at all needs a token") {
  const auto auth = with_token();
  for (const char* name : {"spiffe://example.org/switch/", "spiffe://example.org/Switch", "x"}) {
    const AccessCheck check = auth->authenticate(request_of(name));
    CHECK(check.access == Access::forbidden);
    CHECK(check.reason == "certificate: another name");
  }
  CHECK(auth->authenticate(request_of("")).access == Access::auth_required);
  CHECK(auth->authenticate(HttpRequest()).access == Access::auth_required);
  CHECK_FALSE(auth->challenge().empty());
}

TEST_CASE("without tokens only certificates are accepted") {
  const auto auth = known();
  CHECK(auth->authenticate(request_of(kSwitch, "any")).access == Access::granted);
  CHECK(auth->authenticate(request_of("", "any")).access == Access::auth_required);
  CHECK(auth->check({}) == Access::auth_required);
  CHECK(auth->challenge().empty());
}

TEST_CASE("names without scopes are refused") {
  const auto detail = [](vx11::CertificateAuthOptions options) {
    return vx11::make_certificate_authenticator(std::move(options)).error().detail;
  };
  CHECK(detail({}) == "no certificate has a scope; add a name");
  CHECK(detail({.names = {{"", vx11::Scopes::all()}}}) == "the name of a certificate is empty");
  CHECK(detail({.names = {{"a", {}}}}) ==
        "the certificate of a has no scope; add one or delete it");
}
