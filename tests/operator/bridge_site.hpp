#pragma once

/// \file
/// The WebSocket bridge behind a real server, with a stand-in of the gateway, for tests.

#include <vx11/net/server.hpp>
#include <vx11/net/timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "eventually.hpp"
#include "fake_http_server.hpp"
#include "operator/api/api_answers.hpp"
#include "operator/bridge/bridge.hpp"
#include "operator/gateway/gateway_client.hpp"
#include "operator/operator_backend.hpp"
#include "raw_http_client.hpp"
#include "websocket_client.hpp"

namespace bridge_site {

using namespace std::chrono_literals;
using namespace websocket_client;
using backend::ApiAnswer;
using backend::Caller;
using backend::Confirmation;
using backend::StoredEvent;
using fake_http_server::FakeHttpServer;
using fake_http_server::Peer;
using nlohmann::json;
using raw_http_client::Answer;
using raw_http_client::RawHttpClient;
using vx11::Result;
using vx11::Task;

/// Credentials are names of header or cookie values, and what they allow.
class FakeAuthorizer final : public backend::Authorizer {
 public:
  std::optional<ApiAnswer> refusal_of(const vx11::HttpRequest& head,
                                      bool is_optional) const override {
    if (is_optional || !credential_of(head).empty()) return std::nullopt;
    return backend::refusal(401, "auth_required");
  }
  Task<Confirmation> confirm(const vx11::HttpRequest& request, vx11::Deadline) override {
    const std::string credential = credential_of(request);
    Caller caller;
    if (credential.empty()) co_return caller;
    const std::lock_guard lock(mutex_);
    const auto found = scopes_.find(credential);
    if (found == scopes_.end()) co_return tl::unexpected(backend::refusal(403, "forbidden"));
    caller.principal = credential == "bob" ? "bob" : "alice";
    caller.token = credential;
    caller.scopes = found->second;
    if (request.headers.contains("Cookie")) caller.login = "login-1";
    co_return caller;
  }
  void set(const std::string& credential, std::optional<vx11::Scopes> scopes) {
    const std::lock_guard lock(mutex_);
    scopes_.erase(credential);
    if (scopes) scopes_.emplace(credential, *scopes);
  }

 private:
  static std::string credential_of(const vx11::HttpRequest& request) {
    const std::string_view cookie = request.headers.get("Cookie");
    return std::string(cookie.empty() ? request.headers.get("x-vx11-token") : cookie);
  }

  std::mutex mutex_ = {};
  std::map<std::string, vx11::Scopes> scopes_ = {{"good", vx11::Scopes::all()},
                                                 {"session=1", vx11::Scopes::all()},
                                                 {"bob", vx11::Scopes::all()},
                                                 {"poor", {vx11::Scope::power_read}}};
};

/// Events in memory.
class FakeEvents final : public backend::EventStore {
 public:
  Task<Result<std::uint64_t>> add(backend::NewEvent event) override {
    auto stored = std::make_shared<StoredEvent>();
    stored->content = std::move(event);
    std::vector<backend::EventListener> listeners;
    {
      const std::lock_guard lock(mutex_);
      stored->id = ++last_;
      events_.push_back(*stored);
      if (events_.size() > kept) events_.erase(events_.begin());
      for (const auto& [id, listener] : listeners_) listeners.push_back(listener);
    }
    for (const auto& listener : listeners) listener(stored);
    co_return stored->id;
  }
  Task<Result<backend::EventPage>> list(backend::EventFilter) override {
    co_return backend::EventPage();
  }
  Task<Result<std::vector<StoredEvent>>> after(std::uint64_t id, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (fails) co_return vx11::fail(vx11::Errc::storage, "locked");
    std::vector<StoredEvent> found;
    for (const StoredEvent& event : events_) {
      if (event.id > id && found.size() < limit) found.push_back(event);
    }
    co_return found;
  }
  Task<Result<std::optional<backend::EventRange>>> range() override {
    const std::lock_guard lock(mutex_);
    std::optional<backend::EventRange> range;
    if (!events_.empty()) range = backend::EventRange{events_.front().id, events_.back().id};
    co_return range;
  }
  std::shared_ptr<void> listen(backend::EventListener listener) override {
    const std::lock_guard lock(mutex_);
    listeners_.emplace(++next_, std::move(listener));
    return std::shared_ptr<void>(this, [this, id = next_](void*) {
      const std::lock_guard relock(mutex_);
      listeners_.erase(id);
    });
  }
  void add_now(const std::string& type) {
    backend::NewEvent event;
    event.type = type;
    auto adding = add(std::move(event));
    (void)vx11::sync_wait(std::move(adding));
  }

  std::size_t kept = 10'000;
  std::atomic<bool> fails = false;

 private:
  std::mutex mutex_ = {};
  std::uint64_t last_ = 0;
  std::vector<StoredEvent> events_ = {};
  int next_ = 0;
  std::map<int, backend::EventListener> listeners_ = {};
};

class FakeAudit final : public backend::AuditLog {
 public:
  Task<Result<void>> add(backend::AuditEntry entry) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(entry.action + " " + entry.outcome);
    co_return Result<void>();
  }
  /// Action and outcome of each entry.
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_ = {};
  std::vector<std::string> lines_ = {};
};

class FakeTranscripts final : public backend::Transcripts {
 public:
  Task<Result<void>> add(backend::Turn turn) override {
    const std::lock_guard lock(mutex_);
    turns_.push_back(std::move(turn));
    co_return Result<void>();
  }
  std::vector<backend::Turn> turns() {
    const std::lock_guard lock(mutex_);
    return turns_;
  }

 private:
  std::mutex mutex_ = {};
  std::vector<backend::Turn> turns_ = {};
};

inline std::string sse(const std::string& name, const json& data) {
  return "event: " + name + "\ndata: " + data.dump() + "\n\n";
}

inline std::string chunk(const std::string& text) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

/// The bridge on a free port. What a chat says decides how the gateway answers it.
class BridgeSite {
 public:
  BridgeSite() {
    backend::GatewayClientOptions to_gateway;
    to_gateway.url = gateway.origin();
    to_gateway.transport = backend::make_gateway_transport("");
    parts.gateway = backend::make_gateway_client(std::move(to_gateway)).value();
    parts.events = events;
    parts.audit = audit;
    parts.transcripts = transcripts;
    parts.feed = feed;
    options.authorizer = authorizer;
    options.timer = timer;
    options.origins = {"https://console.example"};
  }
  ~BridgeSite() {
    if (!running_) return;
    server_->stop(0s);
    running_->wait();
  }

  RawHttpClient connect() {
    if (!running_) start();
    return RawHttpClient(server_->port());
  }
  Answer ask(const std::string& request) {
    RawHttpClient client = connect();
    client.send(request);
    return client.read_answer();
  }
  /// The status of a handshake.
  int knock(const std::string& fields, const std::string& query = {}) {
    RawHttpClient client = connect();
    client.send(hello(fields, query));
    const std::string head = client.read_interim();
    return head.size() < 12 ? 0 : std::stoi(head.substr(9, 3));
  }
  RawHttpClient open(const std::string& fields = "x-vx11-token: good\r\n",
                     const std::string& query = {}) {
    RawHttpClient client = connect();
    client.send(hello(fields, query));
    const std::string head = client.read_interim();
    REQUIRE(head.starts_with("HTTP/1.1 101 "));
    CHECK(head.find("\r\nSec-WebSocket-Protocol: vx11.v1\r\n") != std::string::npos);
    return client;
  }
  static std::string hello(const std::string& fields, const std::string& query) {
    return handshake("/operator/ws" + query, "Sec-WebSocket-Protocol: vx11.v1\r\n" + fields);
  }
  /// More than a client may leave unread, with characters that must not be cut.
  static std::string huge() {
    std::string text = "x";
    while (text.size() < 400'000) text += "\xE2\x82\xAC";
    return text;
  }
  void stop_server() { server_->stop(10s); }

  FakeHttpServer gateway{fake_http_server::Script([this](Peer& peer) { play(peer); })};
  std::atomic<int> left = 0;  ///< Chats whose connection the backend has closed before their end.
  std::shared_ptr<vx11::Timer> timer = vx11::make_net_timer();
  std::shared_ptr<FakeAuthorizer> authorizer = std::make_shared<FakeAuthorizer>();
  std::shared_ptr<FakeEvents> events = std::make_shared<FakeEvents>();
  std::shared_ptr<FakeAudit> audit = std::make_shared<FakeAudit>();
  std::shared_ptr<FakeTranscripts> transcripts = std::make_shared<FakeTranscripts>();
  std::shared_ptr<backend::StatusFeed> feed = std::make_shared<backend::StatusFeed>();
  backend::Parts parts = {};
  backend::BridgeOptions options = {};
  std::unique_ptr<backend::Bridge> bridge = {};

 private:
  void start() {
    bridge = std::make_unique<backend::Bridge>(parts, options);
    backend::OperatorBackendOptions served;
    served.routes = bridge->routes();
    served.authorizer = authorizer;
    handler_ = backend::make_operator_backend(std::move(served)).value();
    vx11::ServeOptions serve;
    serve.listen = "127.0.0.1:0";
    serve.threads = 2;
    server_.emplace(vx11::HttpServer::bind(std::move(serve)).value());
    running_ = std::async(std::launch::async, [this] { return server_->run(*handler_); });
  }

  void play(Peer& peer) {
    for (std::string request = gateway.next(peer); !request.empty(); request = gateway.next(peer)) {
      const auto says = [&](const char* text) { return request.find(text) != std::string::npos; };
      if (says("\"revoked\"")) {
        peer.send(fake_http_server::answer_of(R"({"error":"auth_required","status_code":401})",
                                              "401 Unauthorized",
                                              "Content-Type: application/json\r\n"));
        continue;
      }
      if (says("\"nonsense\"")) {
        peer.send(fake_http_server::answer_of("<html>", "200 OK", "Content-Type: text/html\r\n"));
        continue;
      }
      peer.send(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
          "Transfer-Encoding: chunked\r\n\r\n" +
          chunk(sse("message", {{"delta", "Hel"}})));
      if (says("\"wait\"")) {
        peer.hang();
        ++left;
        return;
      }
      if (says("\"broken\"")) return;
      if (says("\"flood\"")) return flood(peer);
      if (says("\"huge\"")) {
        peer.send(chunk(sse("message", {{"delta", huge()}})));
      }
      peer.send(chunk(sse("message", {{"delta", "lo"}})) +
                chunk(sse("done", {{"session_id", "s-1"},
                                   {"degraded", false},
                                   {"metadata", {{"source", "switch"}}}})) +
                "0\r\n\r\n");
    }
  }

  void flood(Peer& peer) {
    const std::string piece = chunk(sse("message", {{"delta", std::string(8000, 'x')}}));
    while (peer.send(piece)) {
    }
    ++left;
  }

  std::shared_ptr<vx11::HttpHandler> handler_ = {};
  std::optional<vx11::HttpServer> server_ = {};
  std::optional<std::future<std::size_t>> running_ = {};
};

inline void say(const RawHttpClient& client, const json& message) {
  client.send(frame(Opcode::text, message.dump()));
}

/// The next message; null: the server has closed.
inline json hear(RawHttpClient& client) {
  Frame got = read_frame(client);
  while (got.opcode == Opcode::ping) got = read_frame(client);
  return got.opcode == Opcode::text ? json::parse(got.data) : json();
}

/// The next message of that type.
inline json hear(RawHttpClient& client, const std::string& type) {
  json message = hear(client);
  while (!message.is_null() && message["type"] != type) message = hear(client);
  return message;
}

/// The code with which the server closes.
inline int close_code(RawHttpClient& client) {
  Frame got = read_frame(client);
  while (got.opcode != Opcode::closing && got.opcode != -1) got = read_frame(client);
  return got.opcode == -1 ? 0 : got.code();
}

inline json chat(const std::string& id, const std::string& message) {
  return {{"type", "chat"}, {"id", id}, {"message", message}};
}

}  // namespace bridge_site
