// Policies composed around a GET: retry within a budget, circuit breaker, bulkhead, timeout.
#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/httplib.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/retry.hpp>
#include <vx11/retry_budget.hpp>
#include <vx11/timeout.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

using namespace std::chrono_literals;

int main() {
  // An upstream for the example: /busy answers its third request, /stuck answers none in time.
  httplib::Server server;
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  std::atomic<int> requests = 0;
  server.Get("/busy", [&](const httplib::Request&, httplib::Response& response) {
    response.status = ++requests < 3 ? 503 : 200;
  });
  server.Get("/stuck", [&](const httplib::Request&, httplib::Response&) {
    ++requests;
    ended.wait();
  });
  const std::string origin =
      "http://127.0.0.1:" + std::to_string(server.bind_to_any_port("127.0.0.1"));
  std::thread listening([&] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();

  // The first policy is the outermost: each try passes the breaker, and the timeout is per try.
  // Breaker and bulkhead belong to the upstream: share them between all its callers.
  const auto budget = std::make_shared<vx11::RetryBudget>();
  const auto breaker =
      std::make_shared<vx11::CircuitBreaker>(vx11::CircuitBreakerOptions{.failures_to_open = 3});
  const auto bulkhead = std::make_shared<vx11::Bulkhead>(vx11::BulkheadOptions{.concurrent = 8});
  auto guarded =
      vx11::pipeline(vx11::Retry({.attempts = 3, .backoff = {.base = 10ms}, .budget = budget}),
                     breaker, bulkhead, vx11::Timeout(200ms));

  vx11::HttplibTransport http;
  for (const std::string path : {"/busy", "/stuck", "/busy"}) {
    requests = 0;
    const vx11::HttpRequest request("GET", origin, path);
    const auto answer = guarded.run(
        [&](vx11::Deadline deadline) { return vx11::sync_wait(http.send(request, deadline)); },
        vx11::Deadline::after(vx11::SteadyClock().now(), 5s));  // for all tries together
    std::cout << path << ": "
              << (answer ? std::to_string(answer->status)
                         : std::string(to_string(answer.error().code)))
              << " after " << requests << " requests; the circuit is "
              << to_string(breaker->state()) << '\n';
  }

  end.set_value();
  server.stop();
  listening.join();
}
