// Custom endpoints on the event-driven server, each a function from request to response. Add an
// OperatorApi with routes.mount("/", api).
#include <vx11/net/server.hpp>
#include <vx11/net/transport.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <thread>

namespace {

// A body sent line by line, each after the client has received the previous one.
class Countdown final : public vx11::BodyStream {
 public:
  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline) override {
    return left_ == 0 ? std::string() : std::to_string(left_--) + "\n";
  }

 private:
  int left_ = 3;
};

vx11::HttpRoutes make_routes() {
  vx11::HttpRoutes routes;
  routes.get("/hello/{name}", [](const vx11::RoutedRequest& call) {
    return vx11::HttpResponse(200, "text/plain", "hello, " + call.path_argument("name") + "\n");
  });
  routes.get("/countdown", [](const vx11::HttpRequest&) {
    const vx11::HttpResponse head(200, "text/plain", {});
    return vx11::StreamedResponse(head, std::make_unique<Countdown>());
  });
  return routes;
}

}  // namespace

int main() {
  // vx11::serve(make_routes()) serves until SIGINT or SIGTERM; this example also needs a client.
  const auto handler = make_routes().build().value();
  auto server = vx11::HttpServer::bind({.listen = "127.0.0.1:0"}).value();
  std::thread serving([&] { server.run(*handler); });
  const auto http = vx11::make_net_transport();
  for (const char* path : {"/hello/J%C3%B6rg", "/countdown", "/nothing"}) {
    const vx11::HttpRequest request("GET", server.url(), path);
    const auto answer = vx11::sync_wait(http->send(request, {}));
    if (answer) std::cout << path << ": " << answer->status << ' ' << answer->body << '\n';
  }
  server.stop();
  serving.join();
}
