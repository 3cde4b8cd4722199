// The health of a system: components are checked in parallel and never woken.
#include <vx11/health_aggregator.hpp>
#include <vx11/transport/in_process.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

using namespace std::chrono_literals;

int main() {
  // Two in-process upstreams for the example: one answers, one is too slow.
  const auto madre = std::make_shared<vx11::InProcessTransport>(
      [](const vx11::HttpRequest&, const vx11::Deadline&) { return vx11::HttpResponse(200); });
  const auto slow = std::make_shared<vx11::InProcessTransport>(
      [](const vx11::HttpRequest&,
         const vx11::Deadline& deadline) -> vx11::Result<vx11::HttpResponse> {
        std::this_thread::sleep_for(deadline.remaining(vx11::SteadyClock().now()));
        return vx11::fail(vx11::Errc::timeout, "too slow");
      });
  const auto ask_madre = vx11::make_http_probe(madre, "http://madre:8001");
  const auto ask_hermes = vx11::make_http_probe(slow, "http://hermes:8003");
  if (!ask_madre || !ask_hermes) return 1;

  // switch is not called: its status is read from its circuit breaker.
  const auto breaker =
      std::make_shared<vx11::CircuitBreaker>(vx11::CircuitBreakerOptions{.failures_to_open = 1});
  if (auto permit = breaker->try_acquire()) permit->failure();

  vx11::HealthAggregator health(
      {.components = {
           {.name = "gateway", .port = 8000, .check = vx11::SelfCheck{}, .required = true},
           {.name = "madre", .port = 8001, .check = *ask_madre, .required = true},
           {.name = "switch",
            .port = 8002,
            .check = std::shared_ptr<const vx11::CircuitBreaker>(breaker)},
           {.name = "hermes", .port = 8003, .check = *ask_hermes, .timeout = 200ms}}});

  const vx11::HealthReport report = health.check();
  for (const vx11::ComponentHealth& component : report.components) {
    std::cout << component.name << ": " << to_string(component.health) << ' ' << component.reason
              << component.error << '\n';
  }
  std::cout << "overall: " << to_string(report.overall) << '\n';
}
