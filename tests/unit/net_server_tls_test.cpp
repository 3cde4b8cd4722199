// The event-driven server under TLS: certificates that change, clients that must prove theirs,
// tickets, and that requests are answered as without it.
#include <vx11/net/server_tls.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <openssl/ssl.h>

#include "net_served.hpp"
#include "streaming_script.hpp"
#include "tls_certificate.hpp"
#include "tls_client.hpp"

using namespace net_served;
using tls_certificate::TlsCertificate;
using tls_client::TlsClient;
using vx11::Deadline;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::ServerTls;
using vx11::ServerTlsChange;
using vx11::ServerTlsOptions;
using Proof = ServerTlsOptions::ClientProof;

namespace {

/// A server with a certificate, which answers `POST /echo` with the body it got.
struct TlsServed : Served {
  TlsCertificate certificate;
  ServerTlsOptions tls = {.certificate_file = certificate.file(),
                          .key_file = certificate.key_file()};
  std::shared_ptr<ServerTls> identity;
  vx11::HttpRoutes routes;
  std::shared_ptr<vx11::HttpHandler> handler;

  TlsServed() {
    const auto echo = [](const HttpRequest& request) {
      return HttpResponse(200, "text/plain", request.body);
    };
    routes.post("/echo", echo, {.max_body_bytes = 4U << 20U});
    routes.get("/big", [](const HttpRequest&) {
      return HttpResponse(200, "text/plain", std::string(3U << 20U, 'x'));
    });
  }
  void start() {
    identity = ServerTls::make(tls).value();
    serve.tls = identity;
    handler = routes.build().value();
    Served::start(*handler);
  }
  std::string origin() const { return "https://127.0.0.1:" + std::to_string(server->port()); }

  /// By a new connection.
  vx11::Result<HttpResponse> post(const std::string& body, const std::string& trusted,
                                  const TlsCertificate* own = nullptr) const {
    return post_by(*transport(trusted, own), body);
  }
  static std::shared_ptr<vx11::Transport> transport(const std::string& trusted,
                                                    const TlsCertificate* own = nullptr) {
    vx11::NetTransportOptions options;
    options.ca_file = trusted;
    if (own != nullptr) {
      options.certificate_file = own->file();
      options.key_file = own->key_file();
    }
    return vx11::make_net_transport(options);
  }
  vx11::Result<HttpResponse> post_by(vx11::Transport& transport, const std::string& body) const {
    HttpRequest request("POST", origin(), "/echo");
    request.body = body;
    return vx11::sync_wait(
        transport.send(request, Deadline::after(vx11::SteadyClock().now(), 10s)));
  }
};

void replace(const std::string& file, const std::string& by) {
  std::filesystem::copy_file(by, file, std::filesystem::copy_options::overwrite_existing);
}

std::string closing(const std::string& path) {
  return "GET " + path + " HTTP/1.0\r\n" + kHost + "\r\n";
}

}  // namespace

TEST_CASE("requests under TLS are answered as without it, also large ones") {
  TlsServed served;
  served.start();
  CHECK(served.server->url() == served.origin());
  const auto transport = served.transport(served.certificate.file());
  const std::string large(3U << 20U, 'y');
  for (const std::string& body : {std::string("hello"), large, std::string("again")}) {
    const auto answer = served.post_by(*transport, body);
    REQUIRE(answer);
    CHECK(answer->body == body);
  }
}

TEST_CASE("a session of either version ends with close_notify, so that an answer is whole") {
  TlsServed served;
  served.start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(version);
    REQUIRE(client.connect(served.server->port()));
    client.send(closing("/big"));
    CHECK(client.read_all().size() > (3U << 20U));
    CHECK(client.is_whole);
  }
  TlsClient old(TLS1_1_VERSION);
  CHECK_FALSE(old.connect(served.server->port()));
}

TEST_CASE("a client that speaks plain HTTP is answered by what to do") {
  TlsServed served;
  served.start();
  RawHttpClient client(served.server->port());
  client.send(getting("/echo"));
  const Answer answer = client.read_answer();
  CHECK(answer.status == 400);
  CHECK(answer.body == "this port speaks HTTPS: write https://\n");
}

TEST_CASE("of the protocols that a client offers one must be http/1.1") {
  TlsServed served;
  served.start();
  TlsClient both;
  both.offer("\x02h2\x08http/1.1");
  REQUIRE(both.connect(served.server->port()));
  CHECK(both.protocol() == "http/1.1");
  TlsClient other;
  other.offer("\x02h2");
  CHECK_FALSE(other.connect(served.server->port()));
}

TEST_CASE("a client cannot renegotiate") {
  TlsServed served;
  served.start();
  TlsClient client(TLS1_2_VERSION);
  REQUIRE(client.connect(served.server->port()));
  REQUIRE(SSL_renegotiate(client.connection()) == 1);
  CHECK(SSL_do_handshake(client.connection()) != 1);
}

TEST_CASE("a certificate is replaced while connections stay; half a file changes nothing") {
  TlsServed served;
  served.start();
  const std::string old_file = std::string(served.certificate.file()) + ".old";
  replace(old_file, served.certificate.file());
  const auto kept = served.transport(old_file);
  REQUIRE(served.post_by(*kept, "1"));

  const TlsCertificate next;
  replace(served.certificate.file(), next.file());
  CHECK(served.identity->reload().error().detail ==
        "the key of the certificate cannot be read as PEM without a password, or belongs to "
        "another certificate");
  CHECK(served.post("2", old_file));  // the certificate of before

  std::ofstream(served.certificate.key_file()) << "-----BEGIN PRIVATE KEY-----\n";
  CHECK_FALSE(served.identity->reload());
  CHECK(served.post("3", old_file));

  replace(served.certificate.key_file(), next.key_file());
  const std::string huge = std::string(next.file()) + ".huge";
  replace(huge, next.file());
  std::filesystem::resize_file(huge, 17 * 1024 * 1024);  // sparse: takes no room
  replace(served.certificate.file(), huge);
  CHECK(served.identity->reload().error().detail ==
        "the file of the certificate is larger than 16 MiB; it is probably another one");
  std::filesystem::remove(huge);
  CHECK(served.post("4", old_file));
  replace(served.certificate.file(), next.file());
  REQUIRE(served.identity->reload());
  CHECK(served.post("4", next.file()));
  CHECK_FALSE(served.post("5", old_file));
  CHECK(served.post_by(*kept, "6"));  // on its connection of before
}

TEST_CASE("files that have changed are read again, and one that cannot be used is one error") {
  const TlsCertificate certificate;
  const TlsCertificate next;
  const auto identity =
      ServerTls::make({.certificate_file = certificate.file(), .key_file = certificate.key_file()})
          .value();
  CHECK(identity->refresh() == ServerTlsChange::none);
  const auto before = identity->context();
  replace(certificate.file(), next.file());
  CHECK_FALSE(identity->refresh());
  CHECK(identity->refresh() == ServerTlsChange::none);
  CHECK(identity->context() == before);
  replace(certificate.key_file(), next.key_file());
  CHECK(identity->refresh() == ServerTlsChange::replaced);
  CHECK(identity->context() != before);
  CHECK(identity->refresh() == ServerTlsChange::none);
}

TEST_CASE("clients have to prove their identity where that is required") {
  TlsServed served;
  const TlsCertificate own;
  const TlsCertificate other;
  served.tls.client_ca_file = own.file();
  const auto is_answered = [&](const TlsCertificate* client) {
    return served.post("hello", served.certificate.file(), client).has_value();
  };
  SUBCASE("required") {
    served.start();
    CHECK(is_answered(&own));
    CHECK_FALSE(is_answered(&other));
    CHECK_FALSE(is_answered(nullptr));
  }
  SUBCASE("optional") {
    served.tls.client_proof = Proof::optional;
    served.start();
    CHECK(is_answered(&own));
    CHECK_FALSE(is_answered(&other));
    CHECK(is_answered(nullptr));
  }
}

TEST_CASE("a handler knows the name in its client's certificate, also of a resumed session") {
  const auto name_of = [](const std::string& names) {
    TlsServed served;
    const TlsCertificate own(names);
    served.tls.client_ca_file = own.file();
    served.tls.client_proof = Proof::optional;
    served.routes.get("/name", [](const HttpRequest& request) {
      return HttpResponse(200, "text/plain", "<" + request.peer->certificate_name + ">");
    });
    served.start();
    std::string found;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsClient client(version);
      SSL_CTX_use_certificate_file(client.context(), own.file().c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(client.context(), own.key_file().c_str(), SSL_FILETYPE_PEM);
      for (const bool resumed : {false, true}) {
        REQUIRE(client.connect(served.server->port()));
        client.send(closing("/name"));
        const std::string answer = client.read_all();
        const std::string name = answer.substr(answer.rfind('<'));
        CHECK(client.is_resumed() == resumed);
        CHECK((found.empty() || name == found));
        found = name;
        client.keep_session();
      }
    }
    TlsClient anonymous;
    REQUIRE(anonymous.connect(served.server->port()));
    anonymous.send(closing("/name"));
    CHECK(anonymous.read_all().ends_with("<>"));
    return found;
  };
  CHECK(name_of("DNS:switch.example,URI:spiffe://example.org/a,URI:spiffe://example.org/b") ==
        "<spiffe://example.org/a>");
  CHECK(name_of("email:a@example.org,IP:127.0.0.1,DNS:switch.example,DNS:other.example") ==
        "<switch.example>");
  CHECK(name_of("email:a@example.org") == "<a@example.org>");
  CHECK(name_of("IP:127.0.0.1") == "<>");
}

TEST_CASE("the certificate of a proxy is not that of the clients behind it") {
  TlsServed served;
  const TlsCertificate own("DNS:proxy.example");
  served.tls.client_ca_file = own.file();
  served.serve.trusted_proxies = {"127.0.0.1"};
  served.routes.get("/who", [](const HttpRequest& request) {
    const vx11::HttpPeer& peer = *request.peer;
    return HttpResponse(200, "text/plain", "<" + peer.address + "," + peer.certificate_name + ">");
  });
  served.start();
  TlsClient client(TLS1_3_VERSION);
  SSL_CTX_use_certificate_file(client.context(), own.file().c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(client.context(), own.key_file().c_str(), SSL_FILETYPE_PEM);
  REQUIRE(client.connect(served.server->port()));
  client.send("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n" +
              closing("/who"));
  const std::string answers = client.read_all();
  CHECK(answers.find("<203.0.113.7,>") != std::string::npos);
  CHECK(answers.ends_with("<127.0.0.1,proxy.example>"));
}

TEST_CASE("a client that a revocation list names is refused, also when the list comes later") {
  TlsServed served;
  const TlsCertificate own("DNS:client.example");
  const std::string lists = own.file() + ".crl";
  served.tls.client_ca_file = own.file();
  served.tls.client_crl_file = lists;
  replace(lists, own.clean_list());
  served.start();
  TlsClient client(TLS1_3_VERSION);
  SSL_CTX_use_certificate_file(client.context(), own.file().c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(client.context(), own.key_file().c_str(), SSL_FILETYPE_PEM);
  const auto is_answered = [&] {
    if (!client.connect(served.server->port())) return false;
    client.send(closing("/echo"));
    const bool answered = !client.read_all().empty();
    if (answered) client.keep_session();
    return answered;
  };
  CHECK(is_answered());
  CHECK(is_answered());
  CHECK(client.is_resumed());
  CHECK(served.identity->revocation_lists().count == 1);
  CHECK(served.identity->revocation_lists().next_update < vx11::WallTime::max());
  SUBCASE("revoked, which no session outlives") {
    replace(lists, own.revoking_list());
    REQUIRE(served.identity->reload());
    CHECK_FALSE(is_answered());
  }
  SUBCASE("a list whose time has passed says nothing, so its clients are refused") {
    replace(lists, own.expired_list());
    REQUIRE(served.identity->reload());
    CHECK_FALSE(is_answered());
  }
  SUBCASE("so are those of an authority without a list") {
    replace(lists, TlsCertificate().clean_list());
    REQUIRE(served.identity->reload());
    CHECK_FALSE(is_answered());
  }
  SUBCASE("a damaged list after a good one changes nothing") {
    std::ofstream(lists, std::ios::app)
        << "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    CHECK_FALSE(served.identity->reload());
    replace(lists, own.clean_list());
    std::ofstream(lists, std::ios::app) << "-----BEGIN X509 CRL-----\nMIIB";
    CHECK_FALSE(served.identity->reload());
    CHECK(is_answered());
  }
  SUBCASE("two lists count as two, and text around them does not matter") {
    const TlsCertificate other;
    std::ofstream(lists, std::ios::app)
        << "text\n"
        << std::ifstream(other.clean_list()).rdbuf() << "more text\n";
    REQUIRE(served.identity->reload());
    CHECK(served.identity->revocation_lists().count == 2);
    CHECK(is_answered());
  }
  SUBCASE("a file without a list changes nothing") {
    replace(lists, own.key_file());
    const auto reloaded = served.identity->reload();
    REQUIRE_FALSE(reloaded);
    CHECK(reloaded.error().detail == "the revocation lists of clients cannot be read as PEM");
    CHECK(is_answered());
  }
}

TEST_CASE("files that are missing or do not belong together are refused") {
  const TlsCertificate certificate;
  const TlsCertificate other;
  const auto mistake = [](ServerTlsOptions options) {
    return ServerTls::make(std::move(options)).error().detail;
  };
  CHECK(mistake({.certificate_file = certificate.file()}) ==
        "the certificate and its key need each other");
  CHECK(mistake({.certificate_file = "/nonexistent", .key_file = certificate.key_file()}) ==
        "the certificate cannot be read as PEM");
  CHECK_FALSE(
      mistake({.certificate_file = certificate.file(), .key_file = other.key_file()}).empty());
  CHECK(mistake({.certificate_file = certificate.file(),
                 .key_file = certificate.key_file(),
                 .client_ca_file = certificate.key_file()}) ==
        "the authorities of clients cannot be read as PEM");
}

TEST_CASE("a session is resumed after a reload, until the keys of tickets are three hours old") {
  vx11::testing::ManualClock clock;
  TlsServed served;
  served.tls.clock = clock;
  served.start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    TlsClient client(version);
    const auto connects_resumed = [&] {
      REQUIRE(client.connect(served.server->port()));
      client.send(closing("/echo"));
      client.read_all();
      client.keep_session();  // a ticket of TLS 1.3 is used once
      return client.is_resumed();
    };
    CHECK_FALSE(connects_resumed());
    CHECK(connects_resumed());
    REQUIRE(served.identity->reload());
    CHECK(connects_resumed());
    clock.advance(2h);
    CHECK(connects_resumed());
    clock.advance(3h);
    CHECK_FALSE(connects_resumed());
  }
}

TEST_CASE("a ticket does not replace the proof that is required since") {
  TlsServed served;
  const TlsCertificate own;
  const TlsCertificate other;
  const std::string trusted = own.file() + ".trusted";
  replace(trusted, own.file());
  served.tls.client_ca_file = trusted;
  served.start();
  TlsClient client;
  SSL_CTX_use_certificate_file(client.context(), own.file().c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(client.context(), own.key_file().c_str(), SSL_FILETYPE_PEM);
  const auto answer = [&] {
    client.connect(served.server->port());
    client.send(closing("/echo"));
    return client.read_all();
  };
  CHECK_FALSE(answer().empty());
  client.keep_session();
  CHECK_FALSE(answer().empty());
  CHECK(client.is_resumed());
  replace(trusted, other.file());
  REQUIRE(served.identity->reload());
  CHECK(answer().empty());
}

TEST_CASE("records that arrive together with others are not forgotten") {
  const TlsCertificate certificate;
  GatedServer served;
  served.serve.tls =
      ServerTls::make({.certificate_file = certificate.file(), .key_file = certificate.key_file()})
          .value();
  served.start();
  TlsClient client;
  REQUIRE(client.connect(served.server->port()));
  client.hold_back(true);  // three records in one segment
  for (int i = 0; i < 3; ++i) client.send(asking(kHello));
  client.hold_back(false);
  served.gate->wait_for_caller();
  client.send(asking(kHello, kAuth + kJson + "Connection: close\r\n"));
  TlsClient other;  // its answer comes after the event of the fourth request
  REQUIRE(other.connect(served.server->port()));
  other.send(closing("/livez"));
  CHECK(other.read_all().starts_with("HTTP/1.1 200"));
  for (int i = 0; i < 4; ++i) {
    served.gate->wait_for_caller();
    served.gate->let_go();
  }
  const std::string answers = client.read_all();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = answers.find("at last", at)) != std::string::npos; ++at) ++count;
  CHECK(count == 4);
}

TEST_CASE("a stream that breaks is not taken for whole") {
  TlsServed served;
  const auto open = std::make_shared<std::atomic<int>>(0);
  served.routes.get("/broken", [open](const HttpRequest&) {
    return vx11::StreamedResponse(
        HttpResponse(200, "text/plain", ""),
        std::make_unique<streaming_script::ScriptedBody>(
            streaming_script::Pieces{std::string("some"),
                                     streaming_script::broken(Errc::unreachable)},
            open));
  });
  served.start();
  TlsClient client;
  REQUIRE(client.connect(served.server->port()));
  client.send(closing("/broken"));
  CHECK(client.read_all().ends_with("some"));
  CHECK_FALSE(client.is_whole);
}

TEST_CASE("clients that do not finish their handshakes do not delay others") {
  std::atomic<int> failed = 0;
  TlsServed served;
  served.serve.limits.connections = 250;
  served.serve.on_event = [&](vx11::ServerEvent event) {
    failed += event == vx11::ServerEvent::handshake_failed ? 1 : 0;
  };
  served.start();
  std::vector<std::unique_ptr<RawHttpClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawHttpClient>(served.server->port()));
    slow.back()->send("\x16\x03\x01");  // the first bytes of a handshake
  }
  CHECK(served.post("hello", served.certificate.file()));
  slow.clear();
  while (failed < 200) std::this_thread::yield();
  CHECK(served.post("hello", served.certificate.file()));
}
