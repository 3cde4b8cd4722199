// Settings about who connects and where.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/checks/config_listen.hpp"
#include "gateway/settings/config_print.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

const Variables kOff{{"VX11_AUTH_MODE", "off"}};

LoadedConfig from_file(const ScratchFolder& folder, const std::string& text) {
  return Sources{.file = folder.write("gateway.toml", text)}.load();
}

std::vector<std::string> mistakes_in(const std::string& text) {
  const ScratchFolder folder;
  return mistakes_of(from_file(folder, text), folder);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a Unix-domain socket is not exposed, and every Host will do there") {
  const auto loaded =
      Sources{.arguments = {"--listen", "unix:/run/vx11/s"}, .variables = kOff}.load();
  CHECK(loaded.mistakes.empty());
  const ServerConfig& server = loaded.config.server;
  CHECK(server.listen.is_unix());
  CHECK(to_string(server.listen) == "unix:/run/vx11/s");
  CHECK(is_loopback(server.listen));
  CHECK(allowed_hosts(server).empty());
}

TEST_CASE("without a socket of systemd the settings are valid; binding says what is missing") {
  const auto loaded = Sources{.arguments = {"--listen", "systemd:"}, .variables = kOff}.load();
  CHECK(loaded.mistakes.empty());
  CHECK(to_string(loaded.config.server.listen) == "systemd:");
}

TEST_CASE("what the server gets of the settings") {
  const ScratchFolder folder;
  const auto loaded = from_file(folder, R"([server]
listen = "unix:/run/vx11/s"
socket_mode = "0600"
trusted_proxies = ["unix", "10.0.0.0/8"]
proxy_protocol = "required"
client_header = "forwarded"
)");
  CHECK(loaded.mistakes.empty());
  vx11::ServeOptions options;
  set_listen(options, loaded.config.server);
  CHECK(options.listen == "unix:/run/vx11/s");
  CHECK(options.socket_mode == 0600);
  CHECK(options.trusted_proxies == Lines{"unix", "10.0.0.0/8"});
  CHECK(options.proxy_protocol == vx11::ProxyProtocol::required);
  CHECK(options.client_header == vx11::ClientHeader::forwarded);
}

TEST_CASE("mistakes say what to write") {
  CHECK(mistakes_in("[server]\ntrusted_proxies = [\"proxy.example\"]\n") ==
        Lines{"gateway.toml:2: server.trusted_proxies: trusted proxy 'proxy.example': expected an "
              "address, a network such as 10.0.0.0/8 or fd00::/8, or unix"});
  CHECK(mistakes_in("[server]\nproxy_protocol = \"required\"\n") ==
        Lines{"gateway.toml:2: server.proxy_protocol: is \"required\", but no proxy is trusted; "
              "name them in server.trusted_proxies"});
  CHECK(mistakes_in("[server]\nsocket_mode = \"0888\"\n").size() == 1);
  CHECK(mistakes_in("[server]\nsocket_mode = \"7777\"\n").size() == 1);
  CHECK(mistakes_in("[server]\nlisten = \"unix:\"\n").size() == 1);
}

TEST_CASE("certificates have scopes, as a table of names") {
  const auto text = [](const std::string& entry) {
    return "[auth]\ncertificates = { " + entry + " }\n";
  };
  const ScratchFolder folder;
  auto loaded = from_file(folder, text(R"("spiffe://e/a=b" = "chat,status", "s.e" = "admin")"));
  const auto& names = loaded.config.auth.certificates.names;
  CHECK(names.size() == 2);
  CHECK(names.at("spiffe://e/a=b") == vx11::Scopes{vx11::Scope::chat, vx11::Scope::status});
  CHECK(print(loaded.config.auth.certificates) ==
        R"({ "s.e" = "admin", "spiffe://e/a=b" = "chat,status" })");
  CHECK(mistakes_of(loaded, folder) ==
        Lines{"gateway.toml:2: auth.certificates: needs server.tls.client_ca_file: without it "
              "clients are not asked for certificates"});
  CHECK(mistakes_in("[auth.certificates]\n\"s.e\" = \"chat\"\n").size() == 1);
  for (const char* entry : {R"("a" = 1)", R"("a" = "")", R"("" = "chat")", R"("a" = "talk")"}) {
    CAPTURE(entry);
    const auto mistakes = mistakes_in(text(entry));
    REQUIRE(mistakes.size() == 1);
    CHECK(mistakes.front().starts_with("gateway.toml:2: auth.certificates: "));
  }
  CHECK(
      mistakes_in("[auth]\ncertificates = \"a\"\n") ==
      Lines{"gateway.toml:2: auth.certificates: is text, not a table of names in certificates and "
            "their scopes; write { \"spiffe://example.org/switch\" = \"chat,status\" }"});
}
