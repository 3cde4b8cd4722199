// [groups.NAME], rules and shadows: what they make, and every mistake in them.
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

#include "config_print.hpp"
#include "config_sources.hpp"
#include "group_metrics.hpp"
#include "routes.hpp"
#include "upstreams.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

using Lines = std::vector<std::string>;

LoadedConfig load(std::string_view text) {
  const ScratchFolder folder;
  return Sources{.file = folder.write("gateway.toml", text)}.load();
}

Lines mistakes_in_file(std::string_view text) {
  const ScratchFolder folder;
  return mistakes_of(Sources{.file = folder.write("gateway.toml", text)}.load(), folder);
}

GatewayConfig config_of(std::string_view text) {
  LoadedConfig loaded = load(text);
  for (const Mistake& mistake : loaded.mistakes) FAIL(to_string(mistake));
  return std::move(loaded.config);
}

/// The warnings about tables, from their key on.
Lines warnings_in_file(std::string_view text) {
  Lines found;
  for (const std::string& warning : load(text).warnings) {
    for (const char* root : {"targets.", "groups.", "routes."}) {
      if (const auto at = warning.find(root); at != std::string::npos) {
        found.push_back(warning.substr(at));
        break;
      }
    }
  }
  return found;
}

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

/// By model, group and target.
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

/// Of the group g of a and b, which only chats of the route r have used.
Values load_of_r(std::uint64_t a, std::uint64_t b) {
  return {{"vx11/g g a", 0}, {"vx11/g g b", 0}, {"vx11/r g a", a}, {"vx11/r g b", b}};
}

/// Targets a, b, c and d on the lines 1 to 12.
constexpr std::string_view kFour =
    "[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
    "[targets.b]\ndialect = \"openai\"\nurl = \"http://o:2\"\n"
    "[targets.c]\ndialect = \"openai\"\nurl = \"http://o:3\"\n"
    "[targets.d]\ndialect = \"openai\"\nurl = \"http://o:4\"\n";
/// After it, a group `g` of a and b and a route `r` on the lines 13 to 16.
constexpr std::string_view kRoute =
    "[groups.g]\ntargets = [\"a\", \"b\"]\n[routes.r]\ntargets = [\"g\", \"c\"]\n";
constexpr std::string_view kUse = "[chat]\nroute = \"r\"\n";

std::string four_and(std::string_view rest) {
  return std::string(kFour) + std::string(rest);
}
std::string route_and(std::string_view rest) {
  return four_and(std::string(kRoute) + std::string(rest));
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

TEST_CASE("the load of each target of a group is three metrics, by model") {
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
  const auto routers = named_routers(config, upstreams, *chain);
  REQUIRE(routers.has_value());
  metrics = group_metrics(config, *routers);
  CHECK(metrics.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(chain->ask(hello()).value().source == "b");
  CHECK(in_flight == load_of_r(0, 1));
  CHECK(values_of(metrics, "vx11_group_in_flight") == load_of_r(0, 0));
  CHECK(values_of(metrics, "vx11_group_calls_total") == load_of_r(1, 3));
  const Values cooling = values_of(metrics, "vx11_group_cooldown_seconds");
  const std::uint64_t left = cooling.at("vx11/r g a");
  CHECK(left > 30);
  CHECK(left <= 60);  // max_cooldown
  CHECK(cooling == load_of_r(left, 0));
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

TEST_CASE("groups without targets, of targets that do not exist, twice, or of groups") {
  CHECK(mistakes_in_file(four_and("[groups.g]\n")) ==
        Lines{"gateway.toml:13: groups.g: has no targets; write targets = [\"NAME\"]"});
  CHECK(mistakes_in_file("[targets.local]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
                         "[groups.g]\ntargets = [\"locla\"]\n") ==
        Lines{"gateway.toml:5: groups.g.targets: \"locla\" is no target; write a table "
              "[targets.NAME], did you mean \"local\"?"});
  CHECK(
      mistakes_in_file(four_and("[groups.g]\ntargets = [\"a\", \"g\", \"h\", \"a\", \"switch\"]\n"
                                "[groups.h]\ntargets = [\"b\"]\n")) ==
      Lines{"gateway.toml:14: groups.g.targets: \"g\" is a group; a group has targets, list those",
            "gateway.toml:14: groups.g.targets: \"h\" is a group; a group has targets, list those",
            "gateway.toml:14: groups.g.targets: \"a\" is listed twice",
            "gateway.toml:14: groups.g.targets: \"switch\" is no target; set switch.url"});
}

TEST_CASE("routes and groups that name a route") {
  const std::string routes =
      "[routes.r]\ntargets = [\"a\", \"s\"]\n[routes.s]\ntargets = [\"b\"]\n";
  CHECK(
      mistakes_in_file(four_and(routes)) ==
      Lines{"gateway.toml:14: routes.r.targets: \"s\" is a route; list the targets of that route"});
}

TEST_CASE("names of groups that targets or routes have, too, or that are reserved") {
  CHECK(mistakes_in_file(four_and("[groups.a]\ntargets = [\"b\"]\n")) ==
        Lines{"gateway.toml:13: groups.a: is the name of a target, too; take another one"});
  CHECK(mistakes_in_file(
            four_and("[groups.g]\ntargets = [\"b\"]\n[routes.g]\ntargets = [\"b\"]\n")) ==
        Lines{"gateway.toml:15: routes.g: is the name of a group, too; take another one"});
  CHECK(
      mistakes_in_file("[groups.final]\n[groups.A]\n") ==
      Lines{"gateway.toml:1: groups.final: is the name of a part of the gateway; take another one",
            "gateway.toml:2: groups.A: is not a name; take up to 32 small letters, digits, _ and "
            "-"});
}

TEST_CASE("values of groups and weights out of range, with line and suggestion") {
  CHECK(mistakes_in_file(four_and("weight = 0\n[groups.g]\ntargets = [\"a\"]\n"
                                  "policy = \"round_robin\"\nmax_targets = 0\ndecay = \"0s\"\n"
                                  "polcy = \"sticky\"\n")) ==
        Lines{"gateway.toml:19: groups.g.polcy: no such setting, did you mean \"groups.g.policy\"?",
              "gateway.toml:18: groups.g.decay: \"0s\" is out of range; take \"1ms\" to \"24h\"",
              "gateway.toml:17: groups.g.max_targets: 0 is out of range; take 1 to 256",
              "gateway.toml:16: groups.g.policy: \"round_robin\" is not a policy; write "
              "\"peak_ewma\", \"weighted\", \"least_in_flight\" or \"sticky\"",
              "gateway.toml:13: targets.d.weight: 0 is out of range; take 1 to 1000"});
}

TEST_CASE("a default cooldown above the longest one") {
  const auto with = [](const std::string& rest) {
    return mistakes_in_file(four_and("[groups.g]\ntargets = [\"a\"]\n" + rest));
  };
  CHECK(with("default_cooldown = \"2m\"\n") ==
        Lines{"gateway.toml:15: groups.g.default_cooldown: is above max_cooldown, \"1m\", which "
              "limits it; raise that, too"});
  CHECK(with("default_cooldown = \"2m\"\nmax_cooldown = \"2m\"\n") == Lines{});
  CHECK(with("max_cooldown = \"0s\"\n") == Lines{});
  CHECK(with("default_cooldown = \"2m\"\nmax_cooldown = 5\n").size() == 1);
}

TEST_CASE("a target that a route would ask twice") {
  CHECK(mistakes_in_file(four_and("[groups.g]\ntargets = [\"a\", \"b\"]\n"
                                  "[groups.h]\ntargets = [\"b\", \"c\"]\n"
                                  "[routes.r]\ntargets = [\"g\", \"h\", \"c\"]\n")) ==
        Lines{"gateway.toml:18: routes.r.targets: \"g\" and \"h\" both ask the target \"b\"; a "
              "route asks a target once, leave it out of one of them",
              "gateway.toml:18: routes.r.targets: \"h\" and \"c\" both ask the target \"c\"; a "
              "route asks a target once, leave it out of one of them"});
}

TEST_CASE("rules without condition or next, and those whose next cannot be asked") {
  CHECK(mistakes_in_file(route_and("[[routes.r.rules]]\nnext = \"final\"\n"
                                   "[[routes.r.rules]]\nstatuses = [400]\n")) ==
        Lines{"gateway.toml:17: routes.r.rules[1]: would apply to every error; write statuses = "
              "[400, 422], or when = \"context_too_long\" or \"content_refused\"",
              "gateway.toml:19: routes.r.rules[2]: has no next; write next = \"final\", or the "
              "target or group that is asked next"});
  const auto next = [](const std::string& name) {
    return mistakes_in_file(
        route_and("[[routes.r.rules]]\nstatuses = [400]\nnext = \"" + name + "\"\n"));
  };
  CHECK(next("d") == Lines{"gateway.toml:19: routes.r.rules[1].next: \"d\" is no target and no "
                           "group of the route; list it there, or write next = \"final\""});
  CHECK(next("fianl").front().ends_with(", did you mean \"final\"?"));
  CHECK(next("a") ==
        Lines{"gateway.toml:19: routes.r.rules[1].next: \"a\" is a target of the group "
              "\"g\"; write next = \"g\""});
  CHECK(next("g") == Lines{"gateway.toml:19: routes.r.rules[1].next: has no effect: \"g\" is asked "
                           "first, and no target is asked twice; take a later one or \"final\""});
}

TEST_CASE("rules that others cover, and conditions that their statuses exclude") {
  const auto rules = [](const std::string& first, const std::string& second) {
    return mistakes_in_file(route_and("[[routes.r.rules]]\nnext = \"final\"\n" + first +
                                      "\n[[routes.r.rules]]\nnext = \"c\"\n" + second + "\n"));
  };
  const Lines covered = {
      "gateway.toml:20: routes.r.rules[2]: has no effect: rules[1] applies to the same answers "
      "first; delete one of them, or move this one up"};
  CHECK(rules("statuses = [400, 422]", "statuses = [422]") == covered);
  CHECK(rules("when = \"content_refused\"", "when = \"content_refused\"") == covered);
  CHECK(rules("statuses = [422]", "statuses = [400, 422]") == Lines{});
  CHECK(rules("when = \"content_refused\"", "when = \"context_too_long\"") == Lines{});
  CHECK(rules("when = \"content_refused\"", "statuses = [400]") == Lines{});
  CHECK(mistakes_in_file(route_and("[[routes.r.rules]]\nwhen = \"content_refused\"\n"
                                   "statuses = [500]\nnext = \"final\"\n")) ==
        Lines{"gateway.toml:19: routes.r.rules[1].statuses: has no effect with when = "
              "\"content_refused\", which only answers of 4xx say; delete it"});
}

TEST_CASE("a mistaken condition of a rule, or a route without targets, is one mistake") {
  const auto count = [](const std::string& text) { return mistakes_in_file(text).size(); };
  const std::string good = "[[routes.r.rules]]\nstatuses = [400]\nnext = \"c\"\n";
  const std::string mistaken =
      "[[routes.r.rules]]\nstatuses = [400]\nwhen = \"refused\"\nnext = \"final\"\n";
  CHECK(count(route_and("[[routes.r.rules]]\nwhen = \"content_refused\"\nstatuses = [200]\n"
                        "next = \"final\"\n[[routes.r.rules]]\nwhen = \"content_refused\"\n"
                        "statuses = [400]\nnext = \"c\"\n")) == 1);
  CHECK(count(route_and(mistaken + good)) == 1);
  CHECK(count(route_and(good + mistaken)) == 1);
  CHECK(count(four_and("[routes.r]\n" + good)) == 1);
  CHECK(count(four_and("[routes.r]\ntargets = 5\n" + good)) == 1);
  CHECK(count(route_and("[routes.r.shadow]\ntarget = 5\nshare = 0.5\n")) == 1);
}

TEST_CASE("rules of the wrong kind, with statuses and words that do not exist") {
  CHECK(mistakes_in_file(route_and("[[routes.r.rules]]\nstatuses = [200, 400]\n"
                                   "when = \"too_long\"\nnxt = \"final\"\n")) ==
        Lines{"gateway.toml:20: routes.r.rules[1].nxt: no such setting, did you mean "
              "\"routes.r.rules[1].next\"?",
              "gateway.toml:18: routes.r.rules[1].statuses: 200 is no status that a rule can have; "
              "write numbers of 100 to 599 outside 2xx, such as [400, 422]",
              "gateway.toml:19: routes.r.rules[1].when: \"too_long\" is not a condition; write "
              "\"context_too_long\" or \"content_refused\"",
              "gateway.toml:17: routes.r.rules[1]: has no next; write next = \"final\", or the "
              "target or group that is asked next"});
  CHECK(mistakes_in_file(route_and("rules = [1]\n")) ==
        Lines{"gateway.toml:17: routes.r.rules: is another list; it is a list of tables, write "
              "[[routes.r.rules]] above each"});
  CHECK(mistakes_in_file(route_and("rules = []\n")) == Lines{});
  CHECK(mistakes_in_file(route_and("[routes.r.rules]\n")) ==
        Lines{"gateway.toml:17: routes.r.rules: is a table; it is a list of tables, write "
              "[[routes.r.rules]] above each"});
  CHECK(mistakes_in_file(route_and("[[routes.r.rule]]\n"))
            .front()
            .ends_with("did you mean \"routes.r.rules\"?"));
  CHECK(mistakes_in_file(route_and("[[routes.r.rules]]\nstatuses = [\"400\"]\nnext = \"c\"\n"))
            .front()
            .starts_with("gateway.toml:18: routes.r.rules[1].statuses: is a list, not a list of "
                         "statuses; write numbers"));
}

TEST_CASE("shadows of no target, of a group, of the route itself, and with no share") {
  const auto shadow = [](const std::string& rest) {
    return mistakes_in_file(route_and("[routes.r.shadow]\n" + rest + "\n"));
  };
  CHECK(shadow("target = \"g\"") ==
        Lines{"gateway.toml:18: routes.r.shadow.target: \"g\" is a group; copies go to a single "
              "target, take one of its"});
  CHECK(shadow("target = \"b\"") ==
        Lines{"gateway.toml:18: routes.r.shadow.target: \"b\" is asked by the route itself; take a "
              "target outside it"});
  CHECK(shadow("target = \"madre\"") ==
        Lines{"gateway.toml:18: routes.r.shadow.target: \"madre\" cannot be a shadow; take one of "
              "[targets.NAME]"});
  CHECK(shadow("target = \"switch\"")
            .front()
            .ends_with("\"switch\" cannot be a shadow; take one "
                       "of [targets.NAME]"));
  CHECK(shadow("share = 0.5") ==
        Lines{"gateway.toml:18: routes.r.shadow.share: has no effect without a target; write "
              "shadow.target = \"NAME\""});
  for (const char* share : {"1.5", "-0.1", "2", "nan", "inf"}) {
    CAPTURE(share);
    CHECK(shadow("target = \"d\"\nshare = " + std::string(share)).size() == 1);
  }
  CHECK(shadow("target = \"d\"\nshare = 1.5") ==
        Lines{"gateway.toml:19: routes.r.shadow.share: 1.5 is out of range; take 0 to 1"});
  CHECK(shadow("target = \"d\"\nshare = \"5%\"") ==
        Lines{"gateway.toml:19: routes.r.shadow.share: is text, not a number; write one such as "
              "0.05"});
  CHECK(mistakes_in_file(route_and("[routes.r.shadw]\ntarget = \"d\"\n"))
            .front()
            .ends_with("no such table, did you mean \"routes.r.shadow\"?"));
}

TEST_CASE("settings of groups and targets that have no effect are warnings") {
  CHECK(warnings_in_file(route_and("[groups.h]\ntargets = [\"b\"]\npolicy = \"sticky\"\n"
                                   "decay = \"1s\"\n[routes.x]\ntargets = [\"h\"]\n")) ==
        Lines{"groups.h.decay: has no effect with policy = \"sticky\"; delete it",
              "targets.d: no route has this target: only clients that ask for the model vx11/d "
              "reach it"});
  CHECK(warnings_in_file(four_and("weight = 2\n[groups.g]\ntargets = [\"a\", \"b\"]\n"
                                  "[routes.r]\ntargets = [\"c\", \"d\"]\n")) ==
        Lines{"targets.d.weight: has no effect, because no group has this target; delete it",
              "groups.g: no route has this group: only clients that ask for the model vx11/g reach "
              "it"});
}

TEST_CASE("a route that may ask more targets than fallback_after allows is a warning") {
  std::string targets;
  std::string names;
  for (int i = 0; i < 9; ++i) {
    targets += "[targets.t" + std::to_string(i) + "]\ndialect = \"openai\"\nurl = \"http://o:1\"\n";
    names += (i == 0 ? "\"t" : ", \"t") + std::to_string(i) + "\"";
  }
  const auto warned = [&](const std::string& rest) {
    return warnings_in_file(targets + "[groups.g]\ntargets = [" + names +
                            "]\nmax_targets = 9\n[routes.r]\ntargets = [\"g\"]\n" + rest);
  };
  CHECK(warned("") ==
        Lines{"routes.r: up to 9 targets are asked for one chat: with more than 8, "
              "chat.fallback_after has no effect; list fewer, or lower max_targets of its "
              "groups"});
  CHECK(warned("[chat]\nfallback_after = \"0s\"\n") == Lines{});
}

TEST_CASE("a limit that leaves no time for the next target of its group is a warning") {
  const auto warned = [](const std::string& group) {
    return warnings_in_file(four_and("limit = \"40s\"\n[groups.g]\ntargets = [\"a\", \"d\"]\n" +
                                     group + "[routes.r]\ntargets = [\"b\", \"c\", \"g\"]\n"));
  };
  CHECK(warned("") ==
        Lines{"targets.d.limit: leaves nothing of chat.deadline: if d hangs, the next "
              "target of its route is never asked"});
  CHECK(warned("max_targets = 1\n") == Lines{});
}

TEST_CASE("a client certificate needs its key, and both have to be files") {
  const auto with = [](const std::string& rest) {
    return mistakes_in_file("[targets.a]\ndialect = \"openai\"\nurl = \"https://o:1\"\n" + rest);
  };
  CHECK(
      with("certificate_file = \"/dev/null\"\n") ==
      Lines{"gateway.toml:4: targets.a.certificate_file: has no key; write certificate_key_file = "
            "\"PATH\""});
  CHECK(with("certificate_key_file = \"/dev/null\"\n") ==
        Lines{"gateway.toml:4: targets.a.certificate_key_file: has no certificate; write "
              "certificate_file = \"PATH\""});
  CHECK(with("certificate_file = \"/dev/null\"\ncertificate_key_file = 5\n").size() == 1);
  CHECK(with("certificate_file = 5\ncertificate_key_file = \"/dev/null\"\n").size() == 1);
  CHECK(
      with("certificate_file = \"/nowhere\"\ncertificate_key_file = \"/dev/null\"\n")
          .front()
          .starts_with("gateway.toml:4: targets.a.certificate_file: \"/nowhere\" cannot be read"));
}
