// The operator endpoints on an existing cpp-httplib server.
#include <vx11/httplib.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/transport/in_process.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <thread>

namespace {

// An in-process madre for the example; use vx11::HttplibTransport for a remote one.
vx11::Result<vx11::HttpResponse> madre(const vx11::HttpRequest&, const vx11::Deadline&) {
  return vx11::HttpResponse(200, "application/json",
                            R"({"policy":"solo_madre","active_services":["madre"]})");
}

// .value() throws if the options below are invalid.
vx11::OperatorApi make_api() {
  const auto http = std::make_shared<vx11::InProcessTransport>(&madre);
  const std::string url = "http://madre:8001";
  vx11::HealthOptions health = {.components = {{.name = "me", .check = vx11::SelfCheck{}}}};
  auto api = vx11::OperatorApi::create(
      {.auth = vx11::make_token_authenticator("my-token").value(),
       .router =
           vx11::Router::create({.targets = {{.name = "madre", .url = url, .transport = http}}})
               .value(),
       .health = std::make_shared<vx11::HealthAggregator>(std::move(health)),
       .power = std::make_shared<vx11::PowerStateClient>(http, url),
       .sessions = vx11::make_memory_session_store()});
  return std::move(api).value();
}

void show(const std::string& origin, const std::string& path, const std::string& token = {}) {
  vx11::HttplibTransport http;
  vx11::HttpRequest request("GET", origin, path);
  if (!token.empty()) request.headers.add("x-vx11-token", token);
  const auto answer = vx11::sync_wait(http.send(request, {}));
  if (answer) std::cout << path << ": " << answer->status << ' ' << answer->body << '\n';
}

}  // namespace

int main() {
  httplib::Server server;
  server.set_tcp_nodelay(true);
  server.Get("/mine", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("a route of my own", "text/plain");
  });
  vx11::mount(server, make_api());

  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread listening([&] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();

  const std::string origin = "http://127.0.0.1:" + std::to_string(port);
  show(origin, "/mine");
  show(origin, "/health");
  show(origin, "/operator/power/state");
  show(origin, "/operator/power/state", "my-token");

  server.stop();
  listening.join();
}
