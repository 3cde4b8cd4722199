#pragma once

/// \file
/// The routes to a gateway that answers what the test says.

#include <vx11/task.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "gateway_fakes.hpp"
#include "operator/relay/gateway_routes.hpp"

namespace gateway_site {

using namespace gateway_fakes;
using backend::ApiAnswer;
using backend::ApiCall;
using backend::ApiRoute;
using backend::Caller;
using vx11::Scope;

inline constexpr const char* kState = "GET /operator/power/state";
inline constexpr const char* kStatus = "GET /operator/status";
inline constexpr const char* kAsk = "POST /operator/chat/ask";

struct Site : FakeParts {
  explicit Site(backend::GatewayRouteOptions options = {}) {
    options.clock = clock;
    options.wall_clock = clock;
    routes = backend::gateway_routes(parts, options);
    gateway->answers(kStatus, 200, healthy_status());
    gateway->answers(kState, 200, solo_madre());
  }

  ApiAnswer call(const std::string& method, const std::string& pattern, const json& body = {},
                 const std::string& name = {}) {
    const auto route = std::find_if(routes.begin(), routes.end(), [&](const ApiRoute& each) {
      return each.method == method && each.pattern == pattern;
    });
    REQUIRE(route != routes.end());
    std::string path = "/operator/api" + pattern;
    if (!name.empty()) path.replace(path.find("{name}"), 6, name);
    HttpRequest request(method, {}, path);
    request.headers = headers;
    if (!body.is_null()) {
      request.headers.set("Content-Type", "application/json");
      request.body = body.is_string() ? body.get<std::string>() : body.dump();
    }
    ApiCall received(request, deadline, caller, "corr-1");
    received.pattern = route->pattern;
    return vx11::sync_wait(route->answer(received));
  }

  Caller caller = [] {
    Caller made;
    made.principal = "ana";
    made.token = "token-of-ana";
    made.scopes = vx11::Scopes::all();
    return made;
  }();
  vx11::Headers headers = {};
  vx11::Deadline deadline = {};
  backend::ApiRoutes routes = {};
};

/// Everything that a stream sends.
inline std::string all_of(ApiAnswer& answer) {
  REQUIRE_FALSE(answer.is_json);
  REQUIRE(answer.other.body);
  std::string text;
  for (;;) {
    auto piece = vx11::sync_wait(answer.other.body->next(vx11::Deadline()));
    REQUIRE(piece.has_value());
    if (piece->empty()) return text;
    text += *piece;
  }
}

inline json answer_of_switch() {
  return {{"session_id", "s-1"},
          {"response", "hello"},
          {"degraded", false},
          {"metadata",
           {{"source", "switch"},
            {"attempts", {{{"name", "switch"}, {"outcome", "answered"}, {"elapsed_ms", 12.5}}}},
            {"upstream", {{"provider", "local"}, {"model", "stub"}}}}}};
}

inline json answer_of_madre() {
  json answer = answer_of_switch();
  answer["degraded"] = true;
  answer["metadata"] = {{"source", "madre_fallback"},
                        {"reason", "switch_timeout"},
                        {"attempts",
                         {{{"name", "switch"}, {"outcome", "timeout"}, {"elapsed_ms", 4000.0}},
                          {{"name", "madre"}, {"outcome", "answered"}, {"elapsed_ms", 3.0}}}}};
  return answer;
}

}  // namespace gateway_site
