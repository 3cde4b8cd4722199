// Who a JWT is and what it may do: sub, typ, and the claims for scopes.

#include <vx11/auth.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "jwt_signer.hpp"

using vx11::Access;
using vx11::AccessCheck;
using vx11::Headers;
using vx11::JwtOptions;
using vx11::Scope;
using vx11::Scopes;

namespace {

const std::string kSecret = "0123456789abcdef0123456789abcdef";

struct Owner {
  vx11::testing::ManualClock clock;
  JwtOptions options = {.secret = kSecret, .audience = "operator", .clock = clock};

  AccessCheck explain(const std::string& more, const std::string& type = "JWT") const {
    const std::string header = R"({"alg":"HS256","typ":")" + type + R"("})";
    const std::string claims = R"({"exp":1766925396,"aud":"operator")" + more + "}";
    Headers headers;
    headers.add("Authorization", "Bearer " + jwt_signer::hs(EVP_sha256(), kSecret, header, claims));
    return vx11::make_jwt_authenticator(options).value()->explain(headers);
  }
  Scopes scopes(const std::string& more) const { return explain(more).scopes; }
};

}  // namespace

TEST_CASE_FIXTURE(Owner, "the principal is sub, also of an expired token") {
  CHECK(*explain(R"(,"sub":"alice")").principal == "alice");
  CHECK(explain("").principal == nullptr);
  const AccessCheck expired = explain(R"(,"sub":"alice","exp":1)");
  CHECK(expired.access == Access::expired);
  CHECK(*expired.principal == "alice");
}

TEST_CASE_FIXTURE(Owner, "a sub that can be no name is forbidden") {
  CHECK(explain(R"(,"sub":")" + std::string(256, 'a') + "\"").access == Access::granted);
  const std::string long_name = "\"" + std::string(257, 'a') + "\"";
  for (const std::string& sub :
       {std::string("5"), std::string("null"), std::string("\"\""), std::string("[\"a\"]"),
        std::string(R"("a\nb")"), std::string(R"("\u0000")"), std::string(R"("certificate:a")"),
        std::string(R"("\ud800")"), long_name}) {
    CAPTURE(sub);
    const AccessCheck checked = explain(",\"sub\":" + sub);
    CHECK(checked.access == Access::forbidden);
    CHECK(checked.reason.starts_with("sub:"));
    CHECK(checked.principal == nullptr);
  }
}

TEST_CASE_FIXTURE(Owner, "without a claim for scopes it has all, or none if they are required") {
  CHECK(scopes("") == Scopes::all());
  options.scopes.required = true;
  CHECK(scopes("") == Scopes());
  CHECK(explain("").access == Access::granted);  // the endpoint answers which scope is missing
}

TEST_CASE_FIXTURE(Owner, "scopes come from scope, scp and roles") {
  const Scopes both = {Scope::chat, Scope::power_read};
  CHECK(scopes(R"(,"scope":"chat power:read")") == both);
  CHECK(scopes(R"(,"scope":" chat  power:read openid ")") == both);
  CHECK(scopes(R"(,"scp":"chat power:read")") == both);
  CHECK(scopes(R"(,"scp":["chat","power:read",7,null])") == both);
  CHECK(scopes(R"(,"roles":["power:read"],"scope":"chat")") == both);
  CHECK(scopes(R"(,"roles":["reader"])") == Scopes());
  CHECK(scopes(R"(,"scope":"")") == Scopes());
  CHECK(scopes(R"(,"scope":7)") == Scopes());
  CHECK(scopes(R"(,"scope":{"chat":true})") == Scopes());
  CHECK(scopes(R"(,"scope":["chat power:read"])") == Scopes());
}

TEST_CASE_FIXTURE(Owner, "a prefix is taken off, and names without it count for nothing") {
  options.scopes.prefix = "vx11.";
  CHECK(scopes(R"(,"scope":"vx11.chat status vx11. vx11.none")") == Scopes{Scope::chat});
}

TEST_CASE_FIXTURE(Owner, "named scopes count, and others only with a prefix") {
  options.scopes.names = {{"talk", Scope::chat}, {"Operators", Scope::admin}};
  CHECK(scopes(R"(,"scope":"talk status admin")") == Scopes{Scope::chat});
  CHECK(scopes(R"(,"roles":["Operators"])") == Scopes::all());
  options.scopes.prefix = "vx11.";
  CHECK(scopes(R"(,"scope":"talk status vx11.status")") == Scopes{Scope::chat, Scope::status});
}

TEST_CASE_FIXTURE(Owner, "typ keeps tokens for other purposes out") {
  CHECK(explain("", "anything").access == Access::granted);
  options.type = "at+jwt";
  CHECK(explain("", "at+jwt").access == Access::granted);
  CHECK(explain("", "AT+JWT").access == Access::granted);
  CHECK(explain("", "application/at+jwt").access == Access::granted);
  CHECK(explain("", "JWT").reason == "typ: another type");
  CHECK(explain("", "").access == Access::forbidden);
}
