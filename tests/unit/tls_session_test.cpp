// The TLS policy of both transports: which certificates it trusts, and its errors.

#include <vx11/socket/detail/tcp.hpp>
#include <vx11/socket/detail/tls.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <poll.h>

#include "fake_tls_server.hpp"
#include "tls_records.hpp"

using fake_tls_server::FakeTlsServer;
using fake_tls_server::TlsPeer;
using tls_certificate::TlsCertificate;
using vx11::Errc;
using vx11::socket_detail::Address;
using vx11::socket_detail::Fd;
using vx11::socket_detail::TlsContext;
using vx11::socket_detail::TlsSession;

namespace {

/// Repeats a step until it need not wait.
template <class Operation>
TlsSession::Step finish(const Fd& socket, Operation operation) {
  for (;;) {
    const TlsSession::Step step = operation();
    const bool reads = step.then == TlsSession::Then::wait_readable;
    if (!reads && step.then != TlsSession::Then::wait_writable) return step;
    pollfd waited = {socket.get(), static_cast<short>(reads ? POLLIN : POLLOUT), 0};
    REQUIRE(::poll(&waited, 1, 10'000) == 1);
  }
}

Fd connected_to(const FakeTlsServer& server) {
  const auto port = static_cast<std::uint16_t>(server.port());
  const Address address = Address::parse("127.0.0.1", port).value();
  Fd socket = vx11::socket_detail::open_tcp(address.family());
  const int error = vx11::socket_detail::start_connect(socket, address);
  REQUIRE((error == 0 || error == EINPROGRESS));
  pollfd waited = {socket.get(), POLLOUT, 0};
  REQUIRE(::poll(&waited, 1, 10'000) == 1);
  REQUIRE(vx11::socket_detail::connect_result(socket) == 0);
  return socket;
}

/// Empty if the handshake with a server whose certificate has these names succeeds as `host`, else
/// the error.
std::string handshake(const std::string& names, const std::string& host) {
  const TlsCertificate certificate(names);
  FakeTlsServer server(certificate, [](TlsPeer& peer) { peer.read_head(); });
  const Fd socket = connected_to(server);
  TlsSession session(*TlsContext::make(certificate.file()), socket.get(), host);
  const auto done = finish(socket, [&] { return session.handshake(); });
  if (done.then == TlsSession::Then::done) return {};
  CHECK(session.handshake_error().code == Errc::unreachable);
  return session.handshake_error().detail;
}

}  // namespace

TEST_CASE("a certificate is good for the names and addresses in it") {
  CHECK(handshake("DNS:switch.example", "switch.example").empty());
  CHECK(handshake("DNS:*.example.org", "switch.example.org").empty());
  CHECK(handshake("IP:10.0.0.2", "10.0.0.2").empty());
  CHECK(handshake("IP:::1", "::1").empty());
}

TEST_CASE("a certificate is good for nothing else, and the error says so") {
  CHECK(handshake("DNS:switch.example", "madre.example") == "the certificate is not trusted");
  CHECK(handshake("DNS:10.0.0.2", "10.0.0.2") == "the certificate is not trusted");
  CHECK(handshake("IP:10.0.0.3", "10.0.0.2") == "the certificate is not trusted");
}

TEST_CASE("a wildcard stands for a whole label, which the event-driven transport did not ask for") {
  CHECK(handshake("DNS:sw*.example.org", "switch.example.org") == "the certificate is not trusted");
}

TEST_CASE("authorities that cannot be read are a mistake of the description") {
  const auto context = TlsContext::make("/nonexistent.pem");
  REQUIRE_FALSE(context);
  CHECK(context.error().code == Errc::invalid_argument);
  CHECK(context.error().detail == "the trusted certificates cannot be read");
  CHECK(TlsContext::make(""));
}

TEST_CASE("a pin is sha256// and the base64 of 32 bytes, and nothing like it") {
  const std::string pin = TlsCertificate().pin();
  CHECK(TlsContext::make("", {}, {pin, pin}));
  const std::string digest = pin.substr(8);
  for (const std::string& text :
       {std::string(), digest, "sha256/" + digest, "sha1//" + digest, pin + "=", " " + pin,
        pin.substr(0, 51), pin.substr(0, 30) + "*" + pin.substr(31),
        pin.substr(0, 30) + "\n" + pin.substr(31), std::string("sha256//") + std::string(44, 'A'),
        "sha256//" + std::string(42, 'A') + "B="}) {
    CAPTURE(text);
    const auto context = TlsContext::make("", {}, {pin, text});
    REQUIRE_FALSE(context);
    CHECK(context.error().code == Errc::invalid_argument);
    CHECK(context.error().detail ==
          "a pin is not sha256// and 44 characters of base64: the SHA-256 of a public key");
  }
}

TEST_CASE("a client certificate needs its own key, which has no password") {
  const TlsCertificate client;
  const TlsCertificate other;
  const auto detail_of = [](const std::string& file, const std::string& key_file) {
    const auto context = TlsContext::make("", {.file = file, .key_file = key_file});
    if (!context) CHECK(context.error().code == Errc::invalid_argument);
    return context ? std::string() : context.error().detail;
  };
  CHECK(detail_of(client.file(), client.key_file()).empty());
  CHECK(detail_of("/nonexistent.pem", client.key_file()) ==
        "the client certificate cannot be read as PEM");
  for (const std::string& key :
       {other.key_file(), client.file(), std::string("/nonexistent.pem")}) {
    CHECK(detail_of(client.file(), key) ==
          "the key of the client certificate cannot be read as PEM without a password, or belongs "
          "to another certificate");
  }
  CHECK(detail_of("", client.key_file()) == "the client certificate and its key need each other");
  CHECK(detail_of(client.file(), "") == "the client certificate and its key need each other");
  const TlsCertificate locked("IP:127.0.0.1", "password");
  CHECK_FALSE(detail_of(locked.file(), locked.key_file()).empty());
}

TEST_CASE("bytes pass in both directions, and the end of the session is not the end of the line") {
  const TlsCertificate certificate;
  FakeTlsServer server(certificate, [](TlsPeer& peer) {
    peer.send(peer.read_head());
    if (peer.index() == 0) peer.close_notify();
  });
  for (const auto ending : {TlsSession::Then::ended, TlsSession::Then::failed}) {
    const Fd socket = connected_to(server);
    TlsSession session(*TlsContext::make(certificate.file()), socket.get(), "127.0.0.1");
    REQUIRE(finish(socket, [&] { return session.handshake(); }).then == TlsSession::Then::done);
    const std::string sent = "hello\r\n\r\n";
    CHECK(finish(socket, [&] { return session.write(sent); }).bytes == sent.size());
    std::string got(sent.size(), '\0');
    CHECK(finish(socket, [&] { return session.read(got.data(), 5); }).bytes == 5);
    CHECK(session.pending());
    CHECK(finish(socket, [&] { return session.read(got.data() + 5, 4); }).bytes == 4);
    CHECK(got == sent);
    CHECK_FALSE(session.pending());
    CHECK(finish(socket, [&] { return session.read(got.data(), 1); }).then == ending);
  }
}

TEST_CASE("records may be cut anywhere, and wait anywhere") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (std::uint8_t size = 0; size < 64; size += 3) {
      CAPTURE(version);
      CAPTURE(size);
      const auto up = static_cast<std::uint8_t>(size << 2U);
      const auto down = static_cast<std::uint8_t>(up | 1U);
      std::vector<std::uint8_t> script;
      for (int i = 0; i < 300; ++i) script.insert(script.end(), {up, up, down});
      tls_records::Carrier carrier(tls_records::make_context(), version);
      const auto outcome = carrier.run(script);
      CHECK(tls_records::mistake_in(outcome) == "");
      CHECK_FALSE(outcome.is_changed);
    }
  }
}

TEST_CASE("records that are changed, repeated or mixed with alerts never pass for others") {
  std::mt19937 random(1);
  int changed = 0;
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    std::vector<std::uint8_t> script(40);
    for (std::uint8_t& action : script) action = static_cast<std::uint8_t>(random());
    const int version = i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    tls_records::Carrier carrier(tls_records::make_context(), version);
    const auto outcome = carrier.run(script);
    CHECK(tls_records::mistake_in(outcome) == "");
    changed += outcome.is_changed ? 1 : 0;
  }
  CHECK(changed > 100);
}
