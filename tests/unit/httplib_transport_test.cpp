#include <vx11/httplib.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>

#include <doctest/doctest.h>

#include "fake_tls_server.hpp"
#include "transport_suite.hpp"

using namespace transport_suite_parts;
using fake_tls_server::FakeTlsServer;
using fake_tls_server::TlsPeer;
using vx11::HttplibOptions;
using vx11::HttplibTransport;

namespace {

/// A server of cpp-httplib's own, running while this lives.
template <class Server>
class Running {
 public:
  template <class... Args>
  explicit Running(Args&&... args) : server_(std::forward<Args>(args)...) {
    server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok", "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    server_.stop();
    thread_.join();
  }
  std::string port() const { return std::to_string(port_); }

 private:
  Server server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("the transport on cpp-httplib does what every transport over HTTP does") {
  transport_suite([](const TransportSettings& settings) {
    return std::make_shared<HttplibTransport>(
        HttplibOptions{.connect_timeout = settings.connect_timeout,
                       .max_response_bytes = settings.max_response_bytes,
                       .resend_within = settings.resend_within,
                       .name_cache = settings.name_cache,
                       .look_up = settings.look_up,
                       .counters = settings.counters});
  });
}

TEST_CASE("it speaks with cpp-httplib's own server") {
  const Running<httplib::Server> server;
  HttplibTransport transport;
  for (int i = 0; i < 12; ++i) {  // more than that server allows on one connection
    const auto answer = get(transport, "http://127.0.0.1:" + server.port());
    REQUIRE(answer);
    CHECK(answer->body == "ok");
    CHECK(answer->headers.get("Content-Type") == "text/plain");
  }
}

TEST_CASE("sockets send small messages at once") {
  FakeHttpServer server(answer_of("ok"));
  int no_delay = 0;
  HttplibTransport transport({.on_socket = [&](int fd) {
    socklen_t size = sizeof no_delay;
    ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  }});
  CHECK(get(transport, server.origin()));
  CHECK(no_delay != 0);
}

TEST_CASE("an idle connection is given up before servers usually do") {
  FakeHttpServer server(answer_of("ok"));
  vx11::testing::ManualClock clock;
  HttplibTransport transport({.clock = clock});
  const auto ask = [&] { return get(transport, server.origin(), {}).has_value(); };
  CHECK(ask());
  clock.advance(3999ms);
  CHECK(ask());
  CHECK(server.connections() == 1);
  clock.advance(4s);
  CHECK(ask());
  CHECK(server.connections() == 2);
}

TEST_CASE("no more connections are kept than allowed") {
  FakeHttpServer server(answer_of("ok"));
  HttplibTransport transport({.max_idle_per_origin = 0});
  for (int i = 0; i < 3; ++i) CHECK(get(transport, server.origin()));
  CHECK(server.connections() == 3);
}

TEST_CASE("a name is looked up, and every address of it is tried") {
  FakeHttpServer server(answer_of("ok"));  // on 127.0.0.1 alone, localhost may be ::1 first
  HttplibTransport transport;
  const auto answer = get(transport, "http://localhost:" + std::to_string(server.port()));
  REQUIRE(answer);
  CHECK(server.requests().front().find("\r\nHost: localhost:") != std::string::npos);
}

TEST_CASE("the user agent is one's own to choose") {
  FakeHttpServer server(answer_of("ok"));
  HttplibTransport transport({.user_agent = "probe/7"});
  CHECK(get(transport, server.origin()));
  CHECK(server.requests().front().find("\r\nUser-Agent: probe/7\r\n") != std::string::npos);
}

TEST_CASE("what decoding brings to light in a header does not split it") {
  FakeHttpServer server(answer_of("ok", "200 OK", "X-A: a%0d%0aSet-Cookie: b\r\nX-B: 1\r\n"));
  HttplibTransport transport;
  const auto answer = get(transport, server.origin());
  REQUIRE(answer);
  CHECK(answer->headers.get("X-A").find('\n') == std::string_view::npos);
  CHECK(answer->headers.get("X-B") == "1");
}

TEST_CASE("https is spoken whether cpp-httplib has OpenSSL or not") {
  const tls_certificate::TlsCertificate certificate;
  FakeTlsServer server(certificate, [](TlsPeer& peer) {
    while (!peer.read_head().empty()) peer.send(answer_of("ok"));
  });
  HttplibTransport transport({.connect_timeout = kSoon, .ca_file = certificate.file()});
  for (int i = 0; i < 3; ++i) {
    const auto answer = get(transport, server.origin());
    REQUIRE(answer);
    CHECK(answer->body == "ok");
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a server that asks for a client certificate gets the configured one") {
  const tls_certificate::TlsCertificate certificate;
  const tls_certificate::TlsCertificate client;
  FakeTlsServer server(certificate, [](TlsPeer& peer) {
    while (!peer.read_head().empty()) peer.send(answer_of("ok"));
  });
  server.require_client(client.file());
  HttplibTransport anonymous({.connect_timeout = kSoon, .ca_file = certificate.file()});
  CHECK_FALSE(get(anonymous, server.origin()));
  HttplibTransport known({.connect_timeout = kSoon,
                          .ca_file = certificate.file(),
                          .certificate_file = client.file(),
                          .key_file = client.key_file()});
  CHECK(get(known, server.origin()));
}

TEST_CASE("a server has one of the pinned keys, or nothing is sent to it") {
  const tls_certificate::TlsCertificate certificate;
  const tls_certificate::TlsCertificate other;
  std::atomic<int> requests = 0;
  FakeTlsServer server(certificate, [&](TlsPeer& peer) {
    for (; !peer.read_head().empty(); ++requests) peer.send(answer_of("ok"));
  });
  HttplibTransport strict(
      {.connect_timeout = kSoon, .ca_file = certificate.file(), .pins = {other.pin()}});
  const auto refused = get(strict, server.origin());
  CHECK(code_of(refused) == Errc::unreachable);
  CHECK(refused.error().detail == "the key of the certificate is none of the pinned ones");
  CHECK(requests == 0);
  HttplibTransport rotating({.connect_timeout = kSoon,
                             .ca_file = certificate.file(),
                             .pins = {other.pin(), certificate.pin()}});
  CHECK(get(rotating, server.origin()));
}

TEST_CASE("over TLS a body without a length has to end as TLS says, else it is cut short") {
  const tls_certificate::TlsCertificate certificate;
  FakeTlsServer server(certificate, [](TlsPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    if (peer.index() == 0) peer.close_notify();
  });
  HttplibTransport transport({.connect_timeout = kSoon, .ca_file = certificate.file()});
  CHECK(get(transport, server.origin())->body == "until the end");
  CHECK(code_of(get(transport, server.origin())) == Errc::invalid_reply);
}

TEST_CASE("spellings of one origin share a connection") {
  FakeHttpServer server(answer_of("ok"));
  HttplibTransport transport;
  const std::string port = std::to_string(server.port());
  for (const char* scheme : {"http", "HTTP", "Http"}) {
    CHECK(get(transport, std::string(scheme) + "://127.0.0.1:" + port + "/"));
  }
  CHECK(server.connections() == 1);
}

#ifdef CPPHTTPLIB_OPENSSL_SUPPORT

TEST_CASE("https requires a trusted certificate that names the host") {
  const tls_certificate::TlsCertificate certificate;
  const Running<httplib::SSLServer> server(certificate.file().c_str(),
                                           certificate.key_file().c_str());
  SUBCASE("by address and by name, over one connection each") {
    int sockets = 0;
    HttplibTransport transport({.connect_timeout = kSoon,
                                .ca_file = certificate.file(),
                                .on_socket = [&](int) { ++sockets; }});
    for (int i = 0; i < 3; ++i) {
      const auto answer = get(transport, "https://127.0.0.1:" + server.port());
      REQUIRE(answer);
      CHECK(answer->body == "ok");
    }
    CHECK(sockets == 1);
    CHECK(get(transport, "https://localhost:" + server.port()));
  }
  SUBCASE("not signed by itself, as far as the system is concerned") {
    HttplibTransport transport({.connect_timeout = kSoon});
    const auto answer = get(transport, "https://127.0.0.1:" + server.port());
    CHECK(code_of(answer) == Errc::unreachable);
    CHECK(answer.error().detail == "the certificate is not trusted");
  }
  SUBCASE("not without any certificates to trust") {
    HttplibTransport transport({.ca_file = "/nonexistent.pem"});
    CHECK(code_of(get(transport, "https://127.0.0.1:" + server.port())) == Errc::invalid_argument);
  }
}

TEST_CASE("a certificate is good for the names in it and for no other") {
  const auto try_both = [](const char* names) {
    const tls_certificate::TlsCertificate certificate(names);
    const Running<httplib::SSLServer> server(certificate.file().c_str(),
                                             certificate.key_file().c_str());
    HttplibTransport transport({.connect_timeout = kSoon, .ca_file = certificate.file()});
    return std::pair(get(transport, "https://localhost:" + server.port()).has_value(),
                     get(transport, "https://127.0.0.1:" + server.port()).has_value());
  };
  CHECK(try_both("DNS:localhost") == std::pair(true, false));
  CHECK(try_both("IP:127.0.0.1") == std::pair(false, true));
  CHECK(try_both("DNS:127.0.0.1,DNS:*") == std::pair(false, false));
}

TEST_CASE("a server that does not speak TLS is found out in time") {
  HttplibTransport transport({.connect_timeout = 150ms});
  const auto https = [](const FakeHttpServer& server) {
    return "https://127.0.0.1:" + std::to_string(server.port());
  };
  FakeHttpServer silent(Script([](Peer& peer) { peer.hang(); }));
  CHECK(code_of(get(transport, https(silent), {})) == Errc::timeout);
  FakeHttpServer trickling(
      Script([](Peer& peer) { peer.trickle(std::string("\x16\x03\x03\x40", 4)); }));
  CHECK(code_of(get(transport, https(trickling), {})));
  FakeHttpServer plain(Script([](Peer& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.hang();
  }));
  CHECK(code_of(get(transport, https(plain), {})) == Errc::unreachable);
}

#endif
