#pragma once

/// \file
/// Routers with groups of targets on scripted transports, for tests.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "router_upstreams.hpp"

namespace router_upstreams {

/// Targets `g1` to `gN` of the group `g`, and after them `last`, which is a step by itself. All
/// speak switch's dialect.
struct Group {
  explicit Group(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) add("g" + std::to_string(i + 1), "g");
    add("last", "");
    options.clock = clock;
    use(vx11::WeightedRoundRobin{});
  }

  /// Chooses by `policy`, of at most `max_targets` targets.
  void use(vx11::BalancingPolicy policy, std::uint32_t max_targets = 2) {
    options.groups = {{.name = "g", .balancer = {.policy = policy}, .max_targets = max_targets}};
  }
  Router router() const { return Router::create(options).value(); }
  ScriptedTransport& at(std::size_t target) { return *transports.at(target); }
  ScriptedTransport& last() { return *transports.back(); }
  void all_say(std::string_view text) {
    for (auto& transport : transports) transport->then_json(body(text));
  }
  static std::string body(std::string_view text) {
    return R"({"response":")" + std::string(text) + "\"}";
  }

  ManualClock clock = {};
  std::vector<std::shared_ptr<ScriptedTransport>> transports = {};
  RouterOptions options = {};

 private:
  void add(std::string name, std::string group) {
    transports.push_back(std::make_shared<ScriptedTransport>(clock));
    RouterTarget made;
    made.name = std::move(name);
    made.url = "http://host:1";
    made.transport = transports.back();
    made.dialect = vx11::switch_dialect();
    made.group = std::move(group);
    options.targets.push_back(std::move(made));
  }
};

inline HttpResponse refusal(int status, std::string body = {}, std::string retry_after = {}) {
  HttpResponse made(status, "application/json", std::move(body));
  if (!retry_after.empty()) made.headers.add("Retry-After", retry_after);
  return made;
}

inline std::vector<std::string> names(const std::vector<vx11::Attempt>& attempts) {
  std::vector<std::string> list;
  for (const auto& attempt : attempts) list.push_back(attempt.target);
  return list;
}

}  // namespace router_upstreams
