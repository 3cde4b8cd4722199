// [groups.NAME], rules and shadows: every mistake in them, and warnings.
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "group_files.hpp"

using namespace gateway;
using namespace gateway::testing;

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

TEST_CASE("empty tables say what they need, and those that need nothing are none") {
  const auto empty = [](const std::string& root) {
    return Lines{"gateway.toml:1: " + root + ": is empty; write [" + root +
                 ".NAME] with its settings below it, or delete it"};
  };
  for (const char* root : {"targets", "groups", "routes"}) {
    CHECK(mistakes_in_file("[" + std::string(root) + "]\n") == empty(root));
  }
  CHECK(mistakes_in_file(route_and("[[routes.r.rules]]\n")).size() == 2);
  CHECK(mistakes_in_file(route_and("[targets.a.breaker]\n[switch]\n[chat]\n")) == Lines{});
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
  CHECK(shadow("") == Lines{"gateway.toml:17: routes.r.shadow: has no target; write target = "
                            "\"NAME\" below it, or delete [routes.r.shadow]"});
  CHECK(shadow("target = \"d\"\nshare = 0") ==
        Lines{"gateway.toml:19: routes.r.shadow.share: is 0: no chat is copied; write more, or "
              "delete [routes.r.shadow]"});
  CHECK(shadow("target = \"d\"\nshare = 0.0").size() == 1);
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
  CHECK(with("certificate_file = \"/nowhere\"\ncertificate_key_file = \"/dev/null\"\n")
            .front()
            .starts_with("gateway.toml:4: targets.a.certificate_file: cannot be read: "));
}
