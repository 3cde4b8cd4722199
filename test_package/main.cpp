#include <vx11/vx11.hpp>

#include <memory>

// Needs the compiled library and nothing beside it.
int main() {
  const auto upstream = std::make_shared<vx11::InProcessTransport>(
      [](const vx11::HttpRequest&, const vx11::Deadline&) -> vx11::Result<vx11::HttpResponse> {
        return vx11::HttpResponse(200, "application/json", R"({"response":"hello"})");
      });
  auto router = vx11::Router::create(
      {.targets = {{.name = "switch", .url = "http://127.0.0.1:8002", .transport = upstream}}});
  if (!router) return 1;
  const auto reply = router->ask(vx11::ChatRequest("hi", "session-001"));
  return reply && reply->text == "hello" ? 0 : 2;
}
