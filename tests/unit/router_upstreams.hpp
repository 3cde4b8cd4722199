#pragma once

#include <vx11/router.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/transport/in_process.hpp>

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::ChatRequest;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::InProcessTransport;
using vx11::Outcome;
using vx11::Router;
using vx11::RouterOptions;
using vx11::RouterTarget;
using vx11::testing::ManualClock;
using vx11::testing::ScriptedTransport;

/// Helpers of the router's tests.
namespace router_upstreams {

inline constexpr const char* kSwitchSays = R"({"response":"from switch","model":"m-7"})";
inline constexpr const char* kMadreSays = R"({"response":"from madre"})";

/// switch and madre on scripted transports and a manual clock.
struct Upstreams {
  ManualClock clock = {};
  std::shared_ptr<ScriptedTransport> primary = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<ScriptedTransport> fallback = std::make_shared<ScriptedTransport>(clock);

  RouterOptions options() const {
    return {.targets = {{.name = "switch", .url = "http://switch:8002", .transport = primary},
                        {.name = "madre", .url = "http://madre:8001", .transport = fallback}},
            .clock = clock};
  }
  Router router() const { return Router::create(options()).value(); }
};

inline ChatRequest chat() {
  return ChatRequest("hello", "session-001");
}

inline std::vector<Outcome> outcomes(const std::vector<vx11::Attempt>& attempts) {
  std::vector<Outcome> list;
  for (const auto& attempt : attempts) list.push_back(attempt.outcome);
  return list;
}

inline std::uint32_t failures(const Router& router, std::string_view target) {
  return router.breaker(target)->snapshot().failures;
}

inline RouterTarget target(std::string name, std::string url = "http://host:1") {
  RouterTarget made;
  made.name = std::move(name);
  made.url = std::move(url);
  made.transport = std::make_shared<ScriptedTransport>();
  return made;
}

}  // namespace router_upstreams
