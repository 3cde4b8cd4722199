#include <vx11/health/redis_probe.hpp>
#include <vx11/httplib.hpp>
#include <vx11/net/server.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/redis.hpp>
#include <vx11/store/sqlite.hpp>
#include <vx11/vx11.hpp>
#include <vx11/websocket.hpp>

#include <cstdio>
#include <memory>

// Uses one thing of every component, so that a missing dependency fails to link or run.
int main() {
  auto upstream = std::make_shared<vx11::InProcessTransport>(
      [](const vx11::HttpRequest&, const vx11::Deadline&) -> vx11::Result<vx11::HttpResponse> {
        return vx11::HttpResponse(200, "application/json", R"({"response":"hello"})");
      });
  auto router = vx11::Router::create(
      {.targets = {{.name = "switch", .url = "http://127.0.0.1:8002", .transport = upstream}}});
  if (!router) return 1;
  const auto reply = router->ask(vx11::ChatRequest("hi", "session-001"));
  if (!reply || reply->text != "hello") return 2;
  if (!vx11::open_sqlite_session_store(":memory:")) return 3;
  if (!vx11::make_redis_probe("redis://127.0.0.1:6379")) return 4;
  const auto redis = vx11::make_redis_client({.url = "redis://127.0.0.1:6379"});
  if (!redis || !(*redis)->status().nodes.empty()) return 7;
  if (!vx11::HttpServer::bind({.listen = "127.0.0.1:0"})) return 5;
  if (!vx11::make_net_transport()) return 6;
  if (vx11::accept_websocket(vx11::HttpRequest(), {}, {}).head.status != 426) return 8;
  const vx11::HttplibTransport transport;
  std::puts("consumed");
}
