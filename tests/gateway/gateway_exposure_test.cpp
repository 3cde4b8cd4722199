// Where other machines can connect: what the gateway then requires.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/config_settle.hpp"

using namespace gateway;
using namespace gateway::testing;

TEST_CASE("without authentication only this machine may connect") {
  const Variables off{{"VX11_AUTH_MODE", "off"}};
  CHECK(Sources{.variables = off}.load().mistakes.empty());
  CHECK(Sources{.arguments = {"--listen", "[::1]:0"}, .variables = off}.load().mistakes.empty());
  const auto refused =
      Sources{.arguments = {"--listen", "0.0.0.0:8000", "--insecure-listen"}, .variables = off}
          .load();
  REQUIRE(refused.mistakes.size() == 1);
  CHECK(refused.mistakes.front().where == "VX11_AUTH_MODE");
}

TEST_CASE("the development token and short ones are refused where other machines can connect") {
  const auto start = [](const char* listen, Variables variables) {
    return Sources{.arguments = {"--insecure-listen", "--listen", listen},
                   .variables = std::move(variables)}
        .load();
  };
  const auto development = start("0.0.0.0:8000", {});
  REQUIRE(development.mistakes.size() == 1);
  CHECK(to_string(development.mistakes.front()) ==
        "auth.token: is the development token, which is public knowledge, but other machines can "
        "connect to 0.0.0.0:8000; set VX11_TENTACULO_LINK_TOKEN or auth.token_file to a secret of "
        "at least 16 bytes, or listen on 127.0.0.1");
  CHECK(start("[::]:8000", {{"VX11_GATEWAY_TOKEN", "vx11-local-token"}}).mistakes.size() == 1);
  const auto brief = start("0.0.0.0:0", {{"VX11_GATEWAY_TOKEN", "fifteen-bytes-x"}});
  REQUIRE(brief.mistakes.size() == 1);
  CHECK(to_string(brief.mistakes.front())
            .starts_with("VX11_GATEWAY_TOKEN: has fewer than 16 bytes, but other machines"));
  CHECK(start("0.0.0.0:0", {{"VX11_GATEWAY_TOKEN", "sixteen-bytes-xx"}}).mistakes.empty());
  CHECK(start("127.0.0.1:0", {}).mistakes.empty());
  const auto loopback = start("127.0.0.1:0", {{"VX11_GATEWAY_TOKEN", "fifteen-bytes-x"}});
  CHECK(loopback.mistakes.empty());
  REQUIRE(loopback.warnings.size() == 1);
  CHECK(loopback.warnings.front() ==
        "VX11_GATEWAY_TOKEN: the token has fewer than 16 bytes and can be guessed");
}

TEST_CASE("with a token file there is no development token, and every address will do") {
  const ScratchFolder folder;
  const std::string path = folder.write("tokens", "vx11-tokens 1\nend\n");
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  const auto start = [&](Variables variables) {
    return Sources{.arguments = {"--listen", "0.0.0.0:1", "--insecure-listen", "--tokens", path},
                   .variables = std::move(variables)}
        .load();
  };
  const auto alone = start({{"VX11_SWITCH_URL", "http://s:1"}});
  CHECK(alone.mistakes.empty());
  CHECK(alone.config.auth.token.value.empty());
  CHECK(alone.config.auth.tokens.value == path);
  REQUIRE(alone.warnings.size() == 1);
  CHECK(alone.warnings.front().starts_with("the upstreams are sent the development token"));
  CHECK(start({}).warnings.empty());
  CHECK(start({{"VX11_GATEWAY_TOKEN", "short"}}).mistakes.size() == 1);
  CHECK(start({{"VX11_GATEWAY_TOKEN", ""}}).warnings ==
        std::vector<std::string>{
            "VX11_GATEWAY_TOKEN is set, but empty: only tokens of auth.tokens are accepted"});
}

TEST_CASE("a token file that cannot be used is a mistake, and without effect in other modes") {
  const ScratchFolder folder;
  const auto missing = Sources{.arguments = {"--tokens", folder / "none"}}.load();
  REQUIRE(missing.mistakes.size() == 1);
  CHECK(missing.mistakes.front().kind == Mistake::Kind::machine);
  CHECK(missing.mistakes.front().where == "--tokens");
  const auto off =
      Sources{.arguments = {"--tokens", folder / "none"}, .variables = {{"VX11_AUTH_MODE", "off"}}}
          .load();
  CHECK(off.mistakes.empty());
  CHECK(off.warnings ==
        std::vector<std::string>{"--tokens: has an effect in auth.mode \"token\" only"});
}

TEST_CASE("plain HTTP where other machines can connect has to be asked for") {
  const Variables token{{"VX11_GATEWAY_TOKEN", "sixteen-bytes-xx"}};
  const auto start = [&](std::vector<std::string> arguments, Variables variables) {
    variables.insert(token.begin(), token.end());
    return Sources{.arguments = std::move(arguments), .variables = std::move(variables)}.load();
  };
  const auto plain = start({"--listen", "0.0.0.0:8000"}, {});
  REQUIRE(plain.mistakes.size() == 1);
  CHECK(to_string(plain.mistakes.front()) ==
        "--listen: other machines can connect to 0.0.0.0:8000, and tokens and chats would be "
        "readable on the network; give --tls-cert and --tls-key, or --insecure-listen if something "
        "in front of the gateway ends TLS");
  CHECK(start({"--listen", "0.0.0.0:8000", "--insecure-listen"}, {}).mistakes.empty());
  CHECK(start({"--insecure-listen", "--listen", "0.0.0.0:8000"}, {}).mistakes.empty());
  CHECK(start({"--listen", "0.0.0.0:8000"}, {{"VX11_SERVER_INSECURE_LISTEN", "true"}})
            .mistakes.empty());
  CHECK(start({"--listen", "127.0.0.1:8000"}, {}).mistakes.empty());
}

TEST_CASE("the files of the listener's certificate are checked at start") {
  const auto mistake = [](std::vector<std::string> arguments) {
    const auto loaded = Sources{.arguments = std::move(arguments)}.load();
    REQUIRE(loaded.mistakes.size() == 1);
    return to_string(loaded.mistakes.front());
  };
  const std::string no_key = VX11_CONFIGURATION_PAGE;
  CHECK(mistake({"--tls-key", no_key}) ==
        "server.tls.certificate_file: is missing; give --tls-cert FILE");
  CHECK(mistake({"--tls-cert", no_key}) == "server.tls.key_file: is missing; give --tls-key FILE");
  CHECK(mistake({"--tls-cert", no_key, "--tls-key", no_key}) ==
        "--tls-cert: the certificate cannot be read as PEM");
  CHECK(mistake({"--tls-cert", no_key, "--tls-key", "/nonexistent"}).starts_with("--tls-key: "));
}
