// Which certificates the event-driven transport trusts, and that TLS changes nothing else.

#include <vx11/net/transport.hpp>

#include <atomic>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "fake_tls_server.hpp"
#include "transport_suite/helpers.hpp"

using namespace transport_suite_parts;
using fake_tls_server::FakeTlsServer;
using fake_tls_server::TlsPeer;
using tls_certificate::TlsCertificate;

namespace {

std::shared_ptr<Transport> trusting(const std::string& ca_file) {
  vx11::NetTransportOptions options;
  options.connect_timeout = kSoon;
  options.ca_file = ca_file;
  return vx11::make_net_transport(options);
}

void serve_all(TlsPeer& peer) {
  while (!peer.read_head().empty()) peer.send(answer_of("ok"));
}

}  // namespace

TEST_CASE("a certificate that is trusted and names the host is accepted, and the connection kept") {
  const TlsCertificate certificate;
  FakeTlsServer server(certificate, serve_all);
  SUBCASE("by address") {
    const auto transport = trusting(certificate.file());
    for (int i = 0; i < 3; ++i) {
      const auto answer = get(*transport, server.origin());
      REQUIRE(answer);
      CHECK(answer->body == "ok");
    }
    CHECK(server.connections() == 1);
  }
  SUBCASE("by name") {
    CHECK(get(*trusting(certificate.file()), server.origin("localhost")));
  }
}

TEST_CASE("a certificate of an authority that is not trusted is refused before anything is sent") {
  const TlsCertificate certificate;
  const TlsCertificate other;
  std::atomic<int> requests = 0;
  FakeTlsServer server(certificate, [&](TlsPeer& peer) { requests += !peer.read_head().empty(); });
  SUBCASE("with another authority in the file") {
    CHECK(code_of(get(*trusting(other.file()), server.origin())) == Errc::unreachable);
  }
  SUBCASE("with the system's authorities") {
    const auto answer = get(*trusting(""), server.origin());
    CHECK(code_of(answer) == Errc::unreachable);
    CHECK(answer.error().detail == "the certificate is not trusted");
  }
  SUBCASE("with a file that does not exist") {
    CHECK_FALSE(vx11::validate(vx11::NetTransportOptions{.ca_file = "/nonexistent.pem"}));
    CHECK(code_of(get(*trusting("/nonexistent.pem"), server.origin())) == Errc::invalid_argument);
  }
  CHECK(requests == 0);
}

TEST_CASE("a trusted certificate is good for the names in it and for no other") {
  const auto accepted = [](const std::string& names, const std::string& host) {
    const TlsCertificate certificate(names);
    FakeTlsServer server(certificate, serve_all);
    return get(*trusting(certificate.file()), server.origin(host)).has_value();
  };
  CHECK(accepted("DNS:localhost", "localhost"));
  CHECK_FALSE(accepted("DNS:localhost", "127.0.0.1"));
  CHECK_FALSE(accepted("IP:127.0.0.1", "localhost"));
  CHECK_FALSE(accepted("DNS:example.org,IP:127.0.0.2", "localhost"));
  CHECK_FALSE(accepted("DNS:127.0.0.1,DNS:*", "127.0.0.1"));
}

TEST_CASE("a server that asks for a client certificate gets the configured one") {
  const TlsCertificate certificate;
  const TlsCertificate client;
  FakeTlsServer server(certificate, serve_all);
  server.require_client(client.file());
  vx11::NetTransportOptions options;
  options.connect_timeout = kSoon;
  options.ca_file = certificate.file();
  CHECK_FALSE(get(*vx11::make_net_transport(options), server.origin()));
  options.certificate_file = client.file();
  options.key_file = client.key_file();
  CHECK(get(*vx11::make_net_transport(options), server.origin()));
  CHECK(server.connections() == 1);
  CHECK(vx11::validate(options));
  options.key_file = certificate.key_file();
  CHECK_FALSE(vx11::validate(options));
  CHECK(code_of(get(*vx11::make_net_transport(options), server.origin())) ==
        Errc::invalid_argument);
}

TEST_CASE("a server has one of the pinned keys, or nothing is sent to it") {
  const TlsCertificate certificate;
  const TlsCertificate other;
  std::atomic<int> requests = 0;
  FakeTlsServer server(certificate, [&](TlsPeer& peer) {
    for (; !peer.read_head().empty(); ++requests) peer.send(answer_of("ok"));
  });
  vx11::NetTransportOptions options;
  options.connect_timeout = kSoon;
  options.ca_file = certificate.file();
  SUBCASE("one of several is enough") {
    options.pins = {other.pin(), certificate.pin()};
    CHECK(get(*vx11::make_net_transport(options), server.origin()));
  }
  SUBCASE("another key, although its certificate is trusted") {
    options.pins = {other.pin()};
    const auto answer = get(*vx11::make_net_transport(options), server.origin());
    CHECK(code_of(answer) == Errc::unreachable);
    CHECK(answer.error().detail == "the key of the certificate is none of the pinned ones");
    CHECK(requests == 0);
  }
  SUBCASE("a pin replaces neither authority nor name") {
    options.pins = {certificate.pin()};
    options.ca_file = other.file();
    const auto answer = get(*vx11::make_net_transport(options), server.origin());
    CHECK(code_of(answer) == Errc::unreachable);
    CHECK(answer.error().detail == "the certificate is not trusted");
    CHECK(requests == 0);
  }
  SUBCASE("a text that is no pin") {
    options.pins = {"sha256//x"};
    CHECK_FALSE(vx11::validate(options));
    CHECK(code_of(get(*vx11::make_net_transport(options), server.origin())) ==
          Errc::invalid_argument);
  }
}

TEST_CASE("a server that does not speak TLS is found out within the limit for connecting") {
  vx11::NetTransportOptions options;
  options.connect_timeout = 150ms;
  const auto transport = vx11::make_net_transport(options);
  const auto https = [](const FakeHttpServer& server) {
    return "https://127.0.0.1:" + std::to_string(server.port());
  };
  FakeHttpServer silent(Script([](Peer& peer) { peer.hang(); }));
  CHECK(code_of(get(*transport, https(silent), {})) == Errc::timeout);
  FakeHttpServer trickling(
      Script([](Peer& peer) { peer.trickle(std::string("\x16\x03\x03\x40", 4)); }));
  CHECK(code_of(get(*transport, https(trickling), {})));
  FakeHttpServer plain(answer_of("not a handshake"));
  CHECK(code_of(get(*transport, https(plain), {})));
}

TEST_CASE("a call cancelled during the handshake ends, and the server sees it") {
  std::stop_source stop;
  std::atomic<bool> left = false;
  {
    FakeHttpServer silent(Script([&](Peer& peer) {
      stop.request_stop();
      peer.hang();
      left = true;
    }));
    const Deadline never(vx11::TimePoint::max(), stop.get_token());
    const std::string origin = "https://127.0.0.1:" + std::to_string(silent.port());
    CHECK(code_of(get(*trusting(""), origin, never)) == Errc::cancelled);
  }
  CHECK(left);
}

TEST_CASE("a body without a length has to end as TLS says, else it is cut short") {
  const TlsCertificate certificate;
  FakeTlsServer server(certificate, [](TlsPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    if (peer.index() == 0) peer.close_notify();
  });
  const auto transport = trusting(certificate.file());
  CHECK(get(*transport, server.origin())->body == "until the end");
  CHECK(code_of(get(*transport, server.origin())) == Errc::invalid_reply);
}

TEST_CASE("over TLS, too, what a kept connection swallowed is sent once more") {
  const TlsCertificate certificate;
  std::atomic<int> requests = 0;
  FakeTlsServer server(certificate, [&](TlsPeer& peer) {
    requests += !peer.read_head().empty();
    peer.send(answer_of("ok"));
    requests += !peer.read_head().empty();  // and closes without an answer
  });
  const auto transport = trusting(certificate.file());
  CHECK(get(*transport, server.origin()));
  CHECK(get(*transport, server.origin()));
  CHECK(server.connections() == 2);
  CHECK(requests == 3);
  CHECK(send(*transport, post(server.origin(), "")));
  CHECK(server.connections() == 3);
  CHECK(requests == 5);
}
