// A server behind proxies: whose word about the client counts, and what is limited by it.
#include <vx11/http_routes.hpp>
#include <vx11/net/server_tls.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include <openssl/ssl.h>

#include "net_served.hpp"
#include "scratch_folder.hpp"
#include "tls_certificate.hpp"
#include "tls_client.hpp"

using namespace net_served;
using vx11::ClientHeader;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::ProxyProtocol;
using vx11::ServerEvent;

namespace {

const std::string kClient = "PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n";

/// A server that says who asks. 127.0.0.1 is a proxy, 127.0.0.2 is none.
struct ProxiedServed : Served {
  vx11::HttpRoutes routes;
  std::shared_ptr<vx11::HttpHandler> handler;
  std::atomic<int> refused = 0;
  std::atomic<int> turned_away = 0;

  ProxiedServed() {
    serve.trusted_proxies = {"127.0.0.1", "10.0.0.0/8"};
    serve.on_event = [this](ServerEvent event) {
      refused += event == ServerEvent::proxy_header_refused;
      turned_away += event == ServerEvent::turned_away;
    };
    const auto who = [](const HttpRequest& request) {
      return HttpResponse(200, "text/plain", "<" + request.peer->address + ">");
    };
    routes.get("/who", who).get("/livez", who);
    handler = routes.build().value();
  }
  void start() { Served::start(*handler); }
  void require_header() { serve.proxy_protocol = ProxyProtocol::required; }
  RawHttpClient connect(const char* from = "127.0.0.1") {
    if (!running) start();
    return RawHttpClient(server->port(), from);
  }
  static std::string who(RawHttpClient& client, const std::string& headers = {}) {
    client.send(getting("/who", headers));
    return client.read_answer().body;
  }
};

std::string forwarded_for(const std::string& list) {
  return "X-Forwarded-For: " + list + "\r\n";
}

}  // namespace

TEST_CASE_FIXTURE(ProxiedServed, "a PROXY header of a trusted proxy names the client") {
  require_header();
  RawHttpClient client = connect();
  client.send(kClient);
  CHECK(who(client) == "<203.0.113.7>");
  CHECK(who(client) == "<203.0.113.7>");
  RawHttpClient another = connect();
  another.send("PROXY TCP6 2001:db8::7 ::1 1 2\r\n" + getting("/who"));
  CHECK(another.read_answer().body == "<2001:db8::7>");
  CHECK(refused == 0);
}

TEST_CASE_FIXTURE(ProxiedServed, "a header may arrive byte by byte, before requests") {
  require_header();
  RawHttpClient client = connect();
  for (const char byte : kClient + getting("/who")) client.send({&byte, 1});
  CHECK(client.read_answer().body == "<203.0.113.7>");
}

TEST_CASE_FIXTURE(ProxiedServed, "a header without a client leaves the address of the proxy") {
  require_header();
  RawHttpClient unknown = connect();
  unknown.send("PROXY UNKNOWN\r\n");
  CHECK(who(unknown, forwarded_for("203.0.113.9")) == "<127.0.0.1>");
  RawHttpClient local = connect();
  local.send(std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16));
  CHECK(who(local) == "<127.0.0.1>");
}

TEST_CASE_FIXTURE(ProxiedServed,
                  "a connection without a header, or with a malformed one, is closed") {
  require_header();
  int expected = 0;
  for (const std::string& bytes :
       {getting("/who"), std::string("PROXY TCP4 x\r\n"), std::string("\x16\x03\x01")}) {
    CAPTURE(bytes);
    RawHttpClient client = connect();
    client.send(bytes);
    CHECK(client.read_all().empty());
    CHECK(refused == ++expected);
  }
}

TEST_CASE_FIXTURE(ProxiedServed,
                  "the header of a peer that is no trusted proxy is never believed") {
  SUBCASE("required: the connection is closed") {
    require_header();
    RawHttpClient client = connect("127.0.0.2");
    client.send(kClient + getting("/who"));
    CHECK(client.read_all().empty());
    CHECK(refused == 1);
  }
  SUBCASE("off: it is a malformed request") {
    RawHttpClient client = connect("127.0.0.2");
    client.send(kClient + getting("/who"));
    CHECK(client.read_answer().status == 400);
  }
}

TEST_CASE_FIXTURE(ProxiedServed, "a header that does not arrive in time closes the connection") {
  require_header();
  serve.limits.handshake_timeout = 20ms;
  RawHttpClient client = connect();
  client.send("PROXY ");
  CHECK(client.read_all().empty());
  CHECK(refused == 1);
}

TEST_CASE_FIXTURE(ProxiedServed, "a peer that leaves in the middle of its header is let go") {
  require_header();
  {
    RawHttpClient client = connect();
    client.send("PROXY ");
  }
  while (refused == 0) std::this_thread::yield();
  RawHttpClient next = connect();
  next.send(kClient);
  CHECK(who(next) == "<203.0.113.7>");
}

TEST_CASE_FIXTURE(ProxiedServed, "connections are counted by the client that the header names") {
  require_header();
  serve.limits.connections_per_address = 1;
  RawHttpClient first = connect();
  first.send(kClient);
  CHECK(who(first) == "<203.0.113.7>");
  {
    RawHttpClient second = connect();
    second.send(kClient + getting("/who"));
    CHECK(second.read_answer().status == 503);
    RawHttpClient probe = connect();
    probe.send(kClient + getting("/livez"));
    CHECK(probe.read_answer().status == 200);
  }
  CHECK(turned_away == 1);
  RawHttpClient other = connect();
  other.send("PROXY TCP4 203.0.113.8 198.51.100.1 1 2\r\n");
  CHECK(who(other) == "<203.0.113.8>");
}

TEST_CASE_FIXTURE(ProxiedServed, "a client that has left makes room for its next connection") {
  require_header();
  serve.limits.connections_per_address = 1;
  for (int i = 0; i < 3; ++i) {
    RawHttpClient client = connect();
    client.send(kClient + "GET /who HTTP/1.0\r\n\r\n");
    CHECK(client.read_answer().body == "<203.0.113.7>");
    CHECK(client.is_ended());
    CHECK(server->port() != 0);
  }
}

TEST_CASE_FIXTURE(ProxiedServed, "connections that announce nothing make room for new ones") {
  require_header();
  serve.limits.connections = 1;
  serve.limits.evictable_after = 0s;
  RawHttpClient silent = connect();
  RawHttpClient next = connect();
  next.send(kClient);
  CHECK(who(next) == "<203.0.113.7>");
  CHECK(silent.is_ended());
}

TEST_CASE_FIXTURE(ProxiedServed, "the header precedes TLS") {
  require_header();
  const tls_certificate::TlsCertificate certificate;
  serve.tls = vx11::ServerTls::make(
                  {.certificate_file = certificate.file(), .key_file = certificate.key_file()})
                  .value();
  start();
  tls_client::TlsClient client;
  client.first_bytes = kClient;
  REQUIRE(client.connect(server->port()));
  client.send("GET /who HTTP/1.0\r\n\r\n");
  CHECK(client.read_all().ends_with("<203.0.113.7>"));
  tls_client::TlsClient without;
  CHECK_FALSE(without.connect(server->port()));
  CHECK(refused == 1);
}

TEST_CASE_FIXTURE(ProxiedServed, "a proxy over a Unix-domain socket is trusted by that word") {
  require_header();
  const ScratchFolder folder;
  serve.listen = "unix:" + (folder / "s");
  serve.trusted_proxies = {"unix"};
  start();
  RawHttpClient client(folder / "s");
  for (const char byte : kClient + getting("/who")) client.send({&byte, 1});
  CHECK(client.read_answer().body == "<203.0.113.7>");
}

TEST_CASE_FIXTURE(ProxiedServed, "requests of a trusted proxy name their client, each its own") {
  RawHttpClient client = connect();
  CHECK(who(client) == "<127.0.0.1>");
  CHECK(who(client, forwarded_for("203.0.113.7")) == "<203.0.113.7>");
  CHECK(who(client, forwarded_for("203.0.113.9, 203.0.113.8, 10.0.0.1")) == "<203.0.113.8>");
  CHECK(who(client, forwarded_for("unknown")) == "<127.0.0.1>");
  CHECK(who(client, "Forwarded: for=203.0.113.7\r\n") == "<127.0.0.1>");
  RawHttpClient other = connect("127.0.0.2");
  CHECK(who(other, forwarded_for("203.0.113.7")) == "<127.0.0.2>");
}

TEST_CASE_FIXTURE(ProxiedServed, "which header that is can be chosen") {
  SUBCASE("Forwarded") {
    serve.client_header = ClientHeader::forwarded;
    RawHttpClient client = connect();
    CHECK(who(client, "Forwarded: for=203.0.113.7\r\n") == "<203.0.113.7>");
    CHECK(who(client, forwarded_for("203.0.113.7")) == "<127.0.0.1>");
  }
  SUBCASE("none") {
    serve.client_header = ClientHeader::none;
    RawHttpClient client = connect();
    CHECK(who(client, forwarded_for("203.0.113.7")) == "<127.0.0.1>");
  }
}

TEST_CASE_FIXTURE(ProxiedServed,
                  "after a PROXY header, headers of its client count if that is a proxy") {
  require_header();
  RawHttpClient client = connect();
  client.send(kClient);
  CHECK(who(client, forwarded_for("203.0.113.9")) == "<203.0.113.7>");
  RawHttpClient proxy = connect();
  proxy.send("PROXY TCP4 10.0.0.1 198.51.100.1 1 2\r\n");
  CHECK(who(proxy, forwarded_for("203.0.113.9")) == "<203.0.113.9>");
}

TEST_CASE("proxies that are none, and a PROXY header without any, are refused at bind") {
  const auto detail = [](vx11::ServeOptions options) {
    options.listen = "127.0.0.1:0";
    return HttpServer::bind(std::move(options)).error();
  };
  CHECK(detail({.trusted_proxies = {"proxy"}}).code == Errc::invalid_argument);
  CHECK(detail({.proxy_protocol = ProxyProtocol::required}).detail ==
        "the PROXY protocol is required and no proxy is trusted; name some");
}

TEST_CASE("IPv4 clients of a dual-stack listener have their usual address") {
  ProxiedServed served;
  served.serve.listen = "[::]:0";
  served.start();
  RawHttpClient client = served.connect("127.0.0.2");
  CHECK(ProxiedServed::who(client) == "<127.0.0.2>");
  RawHttpClient proxy = served.connect();
  CHECK(ProxiedServed::who(proxy, forwarded_for("203.0.113.7")) == "<203.0.113.7>");
}
