// A router with a fallback: if switch fails, madre answers, and the reply gives the reason.
#include <vx11/router.hpp>
#include <vx11/transport/in_process.hpp>

#include <chrono>
#include <iostream>
#include <memory>

using namespace std::chrono_literals;

int main() {
  // In-process upstreams for the example; use vx11::HttplibTransport for real ones.
  const auto broken = std::make_shared<vx11::InProcessTransport>(
      [](const vx11::HttpRequest&, const vx11::Deadline&) { return vx11::HttpResponse(503); });
  const auto madre = std::make_shared<vx11::InProcessTransport>(
      [](const vx11::HttpRequest&, const vx11::Deadline&) {
        return vx11::HttpResponse(200, "application/json", R"({"response":"madre is here"})");
      });

  const auto router = vx11::Router::create(
      {.targets =
           {{.name = "switch", .url = "http://switch:8002", .transport = broken, .try_timeout = 5s},
            {.name = "madre", .url = "http://madre:8001", .transport = madre, .try_timeout = 5s}},
       .total_timeout = 10s});
  if (!router) {
    std::cerr << router.error().detail << '\n';  // every mistake in the options, by field name
    return 1;
  }

  for (int i = 0; i < 4; ++i) {  // the third failure opens switch's circuit breaker
    const auto reply = router->ask(vx11::ChatRequest("Is anybody there?", "session-001"));
    if (!reply) return 1;
    std::cout << reply->source << " says: " << reply->text << " (" << reply->reason << ")\n";
    for (const vx11::Attempt& attempt : reply->attempts) {
      std::cout << "  " << attempt.target << ": " << to_string(attempt.outcome) << '\n';
    }
  }
}
