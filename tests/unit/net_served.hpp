#pragma once

/// \file
/// An operator API behind a real event-driven server, and requests to it as text.

#include <vx11/net/server.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "gated_transport.hpp"
#include "operator_site.hpp"
#include "raw_http_client.hpp"

namespace net_served {

using namespace std::chrono_literals;
using operator_site::json;
using operator_site::Site;
using raw_http_client::Answer;
using raw_http_client::RawHttpClient;
using vx11::Errc;
using vx11::HttpServer;

inline const std::string kHost = "Host: localhost\r\n";
inline const std::string kAuth = "x-vx11-token: " + operator_site::kToken + "\r\n";
inline const std::string kJson = "Content-Type: application/json\r\n";
inline const std::string kHello = R"({"message":"hello","session_id":"s-1"})";

inline std::string getting(const std::string& path, const std::string& headers = kAuth,
                           const std::string& version = "1.1") {
  return "GET " + path + " HTTP/" + version + "\r\n" + kHost + headers + "\r\n";
}

inline std::string asking(const std::string& body, const std::string& headers = kAuth + kJson,
                          const std::string& version = "1.1") {
  return "POST /operator/chat/ask HTTP/" + version + "\r\n" + kHost + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string chunked(const std::string& chunks) {
  return "POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
         "Transfer-Encoding: chunked\r\n\r\n" + chunks;
}

/// A site behind a server on a free port. Change the parts before `start`.
struct Served : Site {
  vx11::ServeOptions serve = {.listen = "127.0.0.1:0", .threads = 1};
  std::optional<HttpServer> server;
  std::optional<std::future<std::size_t>> running;

  Served() {
    serve.limits.half_close_within = 0s;  // a client that closes has left
    to_switch->then_json(R"({"response":"from switch"})");
  }
  ~Served() {
    if (!running) return;
    server->stop(0s);
    if (running->valid()) running->wait();
  }

  RawHttpClient connect() {
    if (!running) start();
    return RawHttpClient(server->port());
  }
  void start() { start(api()); }
  void start(const vx11::HttpHandler& served) {
    server.emplace(HttpServer::bind(serve).value());
    running = std::async(std::launch::async, [this, &served] { return server->run(served); });
  }
  Answer ask(const std::string& request) {
    RawHttpClient client = connect();
    client.send(request);
    return client.read_answer();
  }
  /// The status of an answer after which the server closes the connection.
  int last_status(const std::string& request) {
    RawHttpClient client = connect();
    client.send(request);
    const Answer answer = client.read_answer();
    CHECK(RawHttpClient::has(answer.head, "connection: close"));
    CHECK(client.is_ended());
    return answer.status;
  }
};

/// A site whose switch answers when the test releases it.
struct GatedServer : Served {
  std::shared_ptr<GatedTransport> gate = std::make_shared<GatedTransport>();
  GatedServer() { router.targets[0].transport = gate; }
};

}  // namespace net_served
