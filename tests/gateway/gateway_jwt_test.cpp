// Key sets of issuers, and the scopes of their tokens, in the configuration.
#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/auth/authenticator.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

using Lines = std::vector<std::string>;

const std::string kIssuer =
    "[auth]\nmode = \"jwt\"\n[auth.jwt]\naudience = \"operators\"\n"
    "jwks_url = \"https://issuer.test/keys\"\n";

LoadedConfig load(const std::string& text) {
  const ScratchFolder folder;
  return Sources{.file = folder.write("gateway.toml", text)}.load();
}

Lines mistakes_in(const std::string& text) {
  const ScratchFolder folder;
  return mistakes_of(Sources{.file = folder.write("gateway.toml", text)}.load(), folder);
}

}  // namespace

TEST_CASE("a key set requires scopes and takes public keys, unless it is written otherwise") {
  const JwtConfig jwt = load(kIssuer).config.auth.jwt;
  CHECK(mistakes_in(kIssuer).empty());
  CHECK(jwt.require_scopes);
  CHECK(jwt.algorithms == vx11::JwksOptions().algorithms);
  const JwtConfig other =
      load(kIssuer + "require_scopes = false\nalgorithms = [\"ES256\"]\n").config.auth.jwt;
  CHECK_FALSE(other.require_scopes);
  CHECK(other.algorithms == Lines{"ES256"});
  CHECK_FALSE(load("auth.mode = \"token\"\n").config.auth.jwt.require_scopes);
}

TEST_CASE("a key set is made without asking its issuer, and is not ready") {
  const auto credentials = make_credentials(load(kIssuer).config.auth);
  REQUIRE(credentials);
  CHECK_FALSE(credentials->keys.is_ready());
  CHECK(Credentials().keys.is_ready());
  CHECK(key_metrics(credentials->keys).size() == 4);
  CHECK(key_metrics({}).empty());
}

TEST_CASE("a key set stands alone") {
  CHECK(mistakes_in(kIssuer + "secret = \"0123456789abcdef0123456789abcdef\"\n") ==
        Lines{"gateway.toml:5: auth.jwt.jwks_url: stands beside auth.jwt.secret; give only one of "
              "them"});
  CHECK(mistakes_in(kIssuer + "jwks_file = \"/keys.json\"\n") ==
        Lines{"gateway.toml:6: auth.jwt.jwks_file: stands beside auth.jwt.jwks_url; give only one "
              "of them"});
}

TEST_CASE("a key set is fetched by https, and its mistakes say what to write") {
  const Lines found = mistakes_in(
      "[auth]\nmode = \"jwt\"\n[auth.jwt]\njwks_url = \"http://issuer.test/keys\"\n"
      "algorithms = [\"HS256\"]\n");
  REQUIRE(found.size() == 1);
  for (const char* part : {"must be https", "HS256 needs a secret", "audience"}) {
    CHECK(found.front().find(part) != std::string::npos);
  }
  CHECK(mistakes_in("[auth]\nmode = \"jwt\"\n[auth.jwt]\naudience = \"x\"\n"
                    "jwks_file = \"/none/keys.json\"\n")
            .size() == 1);
}

TEST_CASE("names of scopes are pairs of a name and a scope") {
  CHECK(mistakes_in(kIssuer + "scopes = [\"Operators=admin\", \"a=b=chat\"]\n").empty());
  for (const char* wrong : {"chat", "=chat", "x=", "x=talk"}) {
    const Lines found = mistakes_in(kIssuer + "scopes = [\"" + wrong + "\"]\n");
    REQUIRE(found.size() == 1);
    CHECK(found.front().starts_with("gateway.toml:6: auth.jwt.scopes: \"" + std::string(wrong) +
                                    "\" is not NAME=SCOPE"));
  }
}
