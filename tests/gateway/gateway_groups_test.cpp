// [groups.NAME], rules and shadows: what they make.
#include <vx11/transport/in_process.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "gateway/group_metrics.hpp"
#include "gateway/routes.hpp"
#include "gateway/settings/config_print.hpp"
#include "gateway/upstreams.hpp"
#include "group_files.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

/// All targets, whose answers are those of `answer`.
Upstreams upstreams_of(const GatewayConfig& config,
                       std::function<vx11::HttpResponse(const std::string& origin)> answer) {
  return make_upstreams(config, std::make_shared<vx11::InProcessTransport>(
                                    [answer = std::move(answer)](const vx11::HttpRequest& request,
                                                                 const vx11::Deadline&) {
                                      return answer(request.origin);
                                    }));
}

vx11::HttpResponse answer_of_a_model() {
  vx11::HttpResponse response(200);
  response.body = R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})";
  return response;
}

vx11::ChatRequest hello() {
  vx11::ChatRequest chat;
  chat.message = "hello";
  return chat;
}

/// By group and target.
using Values = std::map<std::string, std::uint64_t>;

Values values_of(const std::vector<vx11::MetricFamily>& families, std::string_view name) {
  Values values;
  for (const vx11::MetricFamily& family : families) {
    if (family.name != name) continue;
    for (const vx11::MetricSeries& series : family.series) {
      std::string labels;
      for (const auto& [label, value] : series.labels)
        labels += (labels.empty() ? "" : " ") + value;
      values[labels] = series.value();
    }
  }
  return values;
}

/// Of the group g of a and b.
Values load_of_g(std::uint64_t a, std::uint64_t b) {
  return {{"g a", a}, {"g b", b}};
}

}  // namespace

TEST_CASE("a group has the options of the library, and its targets their weights") {
  const GatewayConfig config = config_of(route_and(
      "[groups.all]\ntargets = [\"madre\", \"d\"]\npolicy = \"weighted\"\nmax_targets = 1\n"
      "default_cooldown = \"2s\"\nmax_cooldown = \"3s\"\nslow_start = \"4s\"\n"
      "[groups.fast]\ntargets = [\"d\"]\ndecay = \"5s\"\nfailure_cost = \"6s\"\n"));
  const GroupConfig& all = config.groups.at("all");
  CHECK(all.policy == BalancingKind::weighted);
  CHECK(all.max_targets == 1);
  CHECK(all.default_cooldown == 2s);
  CHECK(all.max_cooldown == 3s);
  CHECK(all.slow_start == 4s);
  CHECK(config.groups.at("fast").decay == 5s);
  CHECK(config.groups.at("fast").failure_cost == 6s);
  const GroupConfig& defaults = config.groups.at("g");
  CHECK(defaults.policy == BalancingKind::peak_ewma);
  CHECK(defaults.max_targets == 2);
  CHECK(config.targets.at("a").weight == 1);
}

TEST_CASE("a route of groups and targets is a router whose group shares as the policy says") {
  const GatewayConfig config =
      config_of(four_and("weight = 3\n[groups.g]\ntargets = [\"a\", \"d\"]\npolicy = \"weighted\"\n"
                         "[routes.r]\ntargets = [\"g\", \"b\", \"madre\"]\n"));
  std::map<std::string, int> calls;
  const Upstreams upstreams = upstreams_of(config, [&](const std::string& origin) {
    ++calls[origin];
    return answer_of_a_model();
  });
  const auto router = make_router(config, upstreams, config.routes.at("r"));
  REQUIRE(router.has_value());
  CHECK(router->targets() == Lines{"a", "d", "b", "madre"});
  for (int i = 0; i < 40; ++i) CHECK(router->ask(hello()));
  CHECK(calls == std::map<std::string, int>{{"http://o:1", 10}, {"http://o:4", 30}});
}

TEST_CASE("a rule leads past the steps between, and final ends the chain") {
  const GatewayConfig config = config_of(
      four_and("[groups.g]\ntargets = [\"a\", \"b\"]\n[routes.r]\ntargets = [\"g\", \"c\", \"d\"]\n"
               "[[routes.r.rules]]\nwhen = \"context_too_long\"\nnext = \"d\"\n"
               "[[routes.r.rules]]\nstatuses = [422]\nnext = \"final\"\n"));
  int status = 400;
  const Upstreams upstreams = upstreams_of(config, [&](const std::string& origin) {
    if (origin == "http://o:4") return answer_of_a_model();
    vx11::HttpResponse response(status);
    if (status == 400) response.body = R"({"error":{"code":"context_length_exceeded"}})";
    return response;
  });
  const auto router = make_router(config, upstreams, config.routes.at("r"));
  REQUIRE(router.has_value());
  const auto answered = router->ask(hello());
  REQUIRE(answered.has_value());
  CHECK(answered->source == "d");
  CHECK(answered->attempts.size() == 2);
  status = 500;
  CHECK(router->ask(hello())->attempts.size() == 4);
  status = 422;
  const auto refused = router->ask(hello());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().attempts.size() == 1);
}

TEST_CASE("a group alone is a model, and all chats of chat.route share its state") {
  const GatewayConfig config = config_of(route_and(kUse));
  const Upstreams upstreams =
      upstreams_of(config, [](const std::string&) { return answer_of_a_model(); });
  const auto chain = make_router(config, upstreams, route_of(config, config.chat.route));
  REQUIRE(chain.has_value());
  const auto routers = named_routers(config, upstreams, *chain);
  REQUIRE(routers.has_value());
  Lines names;
  for (const NamedRouter& each : *routers) names.push_back(each.name);
  CHECK(names == Lines{"a", "b", "c", "d", "madre", "g", "r"});
  CHECK(routers->back().router.balancer("g") == chain->balancer("g"));
  CHECK(routers->at(5).router.targets() == Lines{"a", "b"});
  CHECK(config_of(route_and("[completions]\naliases = [\"x=vx11/g\"]\n")).groups.size() == 1);
}

TEST_CASE("rules and a shadow are read") {
  const GatewayConfig config = config_of(route_and(
      "[[routes.r.rules]]\nwhen = \"context_too_long\"\nnext = \"c\"\n"
      "[[routes.r.rules]]\nstatuses = [400, 422]\nnext = \"final\"\n"
      "[[routes.r.rules]]\nwhen = \"content_refused\"\nstatuses = [451]\nnext = \"final\"\n"
      "[routes.r.shadow]\ntarget = \"d\"\nshare = 0.25\nmax_in_flight = 3\n"));
  const RouteConfig& route = config.routes.at("r");
  REQUIRE(route.rules.size() == 3);
  CHECK(route.rules[0].when == RuleCondition::context_too_long);
  CHECK(route.rules[0].next == "c");
  CHECK(route.rules[1].statuses.values == std::vector{400, 422});
  CHECK(route.rules[2].when == RuleCondition::content_refused);
  CHECK(route.shadow.target == "d");
  CHECK(route.shadow.share == 0.25);
  CHECK(route.shadow.max_in_flight == 3);
}

TEST_CASE(
    "the breakers of a router are those of its targets, and its cooldowns those of the group") {
  const GatewayConfig config =
      config_of(four_and("[groups.g]\ntargets = [\"a\", \"b\"]\npolicy = \"weighted\"\n"
                         "default_cooldown = \"1h\"\nmax_cooldown = \"2h\"\n"
                         "[routes.r]\ntargets = [\"g\"]\n"));
  const Upstreams upstreams = upstreams_of(config, [](const std::string& origin) {
    return origin == "http://o:1" ? vx11::HttpResponse(429) : answer_of_a_model();
  });
  const auto router = make_router(config, upstreams, config.routes.at("r"));
  REQUIRE(router.has_value());
  for (int i = 0; i < 4; ++i) CHECK(router->ask(hello()).value().source == "b");
  const auto group = router->balancer("g");
  REQUIRE(group != nullptr);
  CHECK(group->load(0).calls == 1);
  CHECK(group->cooldown_left(0) > 30min);
  CHECK(group->cooldown_left(0) <= 1h);
  CHECK(router->breaker("a") == upstreams.find("a")->breaker);
  CHECK(router->breaker("b") == upstreams.find("b")->breaker);
}

TEST_CASE("a target that asks a chat to wait is passed by in other routes and for embeddings") {
  const GatewayConfig config =
      config_of(four_and("[groups.g]\ntargets = [\"a\", \"b\"]\n"
                         "[routes.r]\ntargets = [\"g\", \"c\"]\n"
                         "[routes.s]\ntargets = [\"d\", \"g\"]\n"));
  std::map<std::string, int> calls;
  const Upstreams upstreams = upstreams_of(config, [&](const std::string& origin) {
    ++calls[origin];
    vx11::HttpResponse limited(429);
    limited.headers.add("Retry-After", "3600");
    if (origin == "http://o:1") return limited;
    return origin == "http://o:4" ? vx11::HttpResponse(500) : answer_of_a_model();
  });
  const auto r = make_router(config, upstreams, config.routes.at("r"));
  REQUIRE(r.has_value());
  for (int i = 0; i < 20; ++i) CHECK(r->ask(hello()));
  REQUIRE(calls["http://o:1"] == 1);
  const auto routers = named_routers(config, upstreams, *r);
  REQUIRE(routers.has_value());
  int checked = 0;
  for (const NamedRouter& each : *routers) {
    if (each.name != "s" && each.name != "g") continue;
    ++checked;
    for (int i = 0; i < 20; ++i) CHECK(each.router.ask(hello()).value().source == "b");
  }
  CHECK(checked == 2);
  const auto embeddings = embedding_routers(config, upstreams);
  REQUIRE(embeddings.has_value());
  vx11::ChatRequest words;
  words.completion_json = R"({"model":"m","input":"words"})";
  int asked = 0;
  for (const NamedRouter& each : *embeddings) {
    if (each.router.balancer("g") == nullptr) continue;
    for (int i = 0; i < 20; ++i) static_cast<void>(each.router.ask(words));
    ++asked;
  }
  CHECK(asked == 3);
  CHECK(calls["http://o:1"] == 1);
}

TEST_CASE("the load of each target of a group is three metrics") {
  const GatewayConfig config =
      config_of(four_and("[groups.g]\ntargets = [\"a\", \"b\"]\npolicy = \"weighted\"\n"
                         "[routes.r]\ntargets = [\"g\", \"c\"]\n" +
                         std::string(kUse)));
  std::vector<vx11::MetricFamily> metrics;
  Values in_flight;
  const Upstreams upstreams = upstreams_of(config, [&](const std::string& origin) {
    if (origin == "http://o:2") in_flight = values_of(metrics, "vx11_group_in_flight");
    if (origin == "http://o:2") return answer_of_a_model();
    vx11::HttpResponse limited(429);
    limited.headers.add("Retry-After", "3600");
    return limited;
  });
  const auto chain = make_router(config, upstreams, route_of(config, config.chat.route));
  REQUIRE(chain.has_value());
  metrics = group_metrics(upstreams);
  CHECK(metrics.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(chain->ask(hello()).value().source == "b");
  CHECK(in_flight == load_of_g(0, 1));
  CHECK(values_of(metrics, "vx11_group_in_flight") == load_of_g(0, 0));
  CHECK(values_of(metrics, "vx11_group_calls_total") == load_of_g(1, 3));
  const Values cooling = values_of(metrics, "vx11_group_cooldown_seconds");
  const std::uint64_t left = cooling.at("g a");
  CHECK(left > 30);
  CHECK(left <= 60);  // max_cooldown
  CHECK(cooling == load_of_g(left, 0));
}

TEST_CASE("the printed configuration has groups, rules and shadows, and loads again") {
  const ScratchFolder folder;
  const std::string text = route_and(
      "[[routes.r.rules]]\nstatuses = [400, 422]\nnext = \"final\"\n"
      "[[routes.r.rules]]\nwhen = \"context_too_long\"\nnext = \"c\"\n"
      "[routes.r.shadow]\ntarget = \"d\"\nshare = 1\n"
      "[groups.s]\ntargets = [\"a\"]\npolicy = \"sticky\"\n");
  const std::string printed = print_config(load(text));
  const auto has = [&](std::string_view part) { return printed.find(part) != std::string::npos; };
  CHECK(has("\n[groups.g]\ntargets = [\"a\", \"b\"]  # "));
  CHECK(has("\n# policy = \"peak_ewma\"  # default\n"));
  CHECK(has("\n[[routes.r.rules]]\nstatuses = [400, 422]  # "));
  CHECK(has("\nshadow.share = 1  # "));
  const LoadedConfig again = Sources{.file = folder.write("gateway.toml", printed)}.load();
  CHECK(mistakes_of(again, folder) == Lines{});
  CHECK(again.config.routes.at("r").rules.size() == 2);
  CHECK(again.config.routes.at("r").rules[1].next == "c");
  CHECK(again.config.routes.at("r").shadow.share == 1);
  CHECK(again.config.groups.at("s").policy == BalancingKind::sticky);
  CHECK(again.warnings.size() == load(text).warnings.size());
  const std::string manual = print_manual();
  CHECK(manual.find("## [groups.NAME]") != std::string::npos);
  CHECK(manual.find("## [[routes.NAME.rules]]") != std::string::npos);
}
