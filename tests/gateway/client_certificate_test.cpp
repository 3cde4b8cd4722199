// TLS of upstreams: certificates for them, and pins of their keys.
#include <vx11/task.hpp>

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/front.hpp"
#include "gateway/upstreams.hpp"
#include "unit/fake_tls_server.hpp"

using namespace gateway;
using namespace gateway::testing;
using fake_tls_server::FakeTlsServer;
using fake_tls_server::TlsPeer;
using tls_certificate::TlsCertificate;

namespace {

void answer(TlsPeer& peer) {
  if (peer.read_head().empty()) return;
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
}

LoadedConfig loaded_from(const std::string& text) {
  const ScratchFolder folder;
  return Sources{.file = folder.write("gateway.toml", text)}.load();
}

/// A target `a` at that URL, with further settings.
LoadedConfig target_at(const std::string& url, const std::string& settings) {
  return loaded_from("[targets.a]\ndialect = \"openai\"\nurl = \"" + url + "\"\n" + settings);
}

std::string pinned_to(const std::string& pin) {
  return "pins = ['" + pin + "']\n";
}

std::string identified_by(const std::string& certificate, const std::string& key) {
  return "certificate_file = '" + certificate + "'\ncertificate_key_file = '" + key + "'\n";
}

bool is_answered(const LoadedConfig& loaded, const std::string& name = "a") {
  REQUIRE(loaded.mistakes.empty());
  GatewayState state;
  const Upstreams upstreams =
      make_upstreams(loaded.config, make_network_transports(loaded.config, {}, state.transports),
                     make_target_transports(loaded.config, {}, state.transports), state);
  const Upstream* const target = upstreams.find(name);
  REQUIRE(target != nullptr);
  const vx11::HttpRequest request("GET", target->origin, "/v1/models");
  const auto limit = vx11::Deadline::after(std::chrono::steady_clock::now(), 10s);
  return vx11::sync_wait(target->transport->send(request, limit)).has_value();
}

}  // namespace

TEST_CASE("a target that asks for a client certificate gets that of its table") {
  const TlsCertificate certificate;
  const TlsCertificate client;
  FakeTlsServer server(certificate, answer);
  server.require_client(client.file());
  const std::string trusted = "ca_file = '" + certificate.file() + "'\n";
  CHECK_FALSE(is_answered(target_at(server.origin(), trusted)));
  CHECK(is_answered(
      target_at(server.origin(), trusted + identified_by(client.file(), client.key_file()))));
}

TEST_CASE("certificates that are none, or whose key is another's, are mistakes of the machine") {
  const TlsCertificate client;
  const TlsCertificate other;
  const auto mistake = [](const std::string& settings) {
    const LoadedConfig loaded = target_at("https://o:1", settings);
    REQUIRE(loaded.mistakes.size() == 1);
    CHECK(loaded.mistakes[0].kind == Mistake::Kind::machine);
    return loaded.mistakes[0].key + ": " + loaded.mistakes[0].what;
  };
  CHECK(mistake(identified_by(client.file(), other.key_file())) ==
        "targets.a.certificate_file: the key of the client certificate cannot be read as PEM "
        "without a password, or belongs to another certificate");
  CHECK(mistake(identified_by(client.key_file(), client.key_file())) ==
        "targets.a.certificate_file: the client certificate cannot be read as PEM");
  const std::string no_authorities = "ca_file = '" + client.key_file() + "'\n";
  CHECK(mistake(no_authorities) == "targets.a.ca_file: the trusted certificates cannot be read");
  CHECK(mistake(no_authorities + identified_by(client.file(), client.key_file())) ==
        "targets.a.ca_file: the trusted certificates cannot be read");
}

TEST_CASE("an upstream has one of the keys that its table pins") {
  const TlsCertificate certificate;
  const TlsCertificate other;
  FakeTlsServer server(certificate, answer);
  const std::string trusted = "ca_file = '" + certificate.file() + "'\n";
  CHECK(is_answered(target_at(server.origin(), trusted + pinned_to(certificate.pin()))));
  CHECK_FALSE(is_answered(target_at(server.origin(), trusted + pinned_to(other.pin()))));
  for (const std::string name : {"switch", "madre"}) {
    CAPTURE(name);
    const std::string table = "[" + name + "]\nurl = '" + server.origin() + "'\n" + trusted;
    CHECK(is_answered(loaded_from(table + pinned_to(certificate.pin())), name));
    CHECK_FALSE(is_answered(loaded_from(table + pinned_to(other.pin())), name));
  }
}

TEST_CASE("switch and madre have certificates of their own, whose mistakes name the setting") {
  const TlsCertificate certificate;
  const TlsCertificate client;
  FakeTlsServer server(certificate, answer);
  server.require_client(client.file());
  const std::string table =
      "[madre]\nurl = '" + server.origin() + "'\nca_file = '" + certificate.file() + "'\n";
  CHECK_FALSE(is_answered(loaded_from(table), "madre"));
  CHECK(is_answered(loaded_from(table + identified_by(client.file(), client.key_file())), "madre"));
  const LoadedConfig wrong = loaded_from(table + pinned_to("sha256//x") +
                                         "[switch]\nurl = 'http://o:1'\nca_file = '/nowhere'\n");
  REQUIRE(wrong.mistakes.size() == 2);
  CHECK(wrong.mistakes[0].key == "switch.ca_file");
  CHECK(wrong.mistakes[1].key == "madre.pins");
  CHECK(wrong.mistakes[1].what ==
        "a pin is not sha256// and 44 characters of base64: the SHA-256 of a public key");
  REQUIRE(wrong.warnings.size() >= 1);
}
