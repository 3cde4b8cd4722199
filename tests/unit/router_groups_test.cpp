// Groups of targets: which one is asked, and what follows on its failure.

#include "held_upstream.hpp"
#include "policy_fakes.hpp"
#include "router_group.hpp"
#include "streaming_script.hpp"

using namespace router_upstreams;
using Names = std::vector<std::string>;
using Outcomes = std::vector<Outcome>;

namespace {

/// A dialect in which no chat can be expressed.
class CannotSay final : public vx11::ChatDialect {
 public:
  vx11::Result<vx11::HttpRequest> ask(const ChatRequest&) const override {
    return vx11::fail(Errc::invalid_argument, "unsayable");
  }
  vx11::Result<vx11::ChatAnswer> read(const HttpResponse&) const override {
    return vx11::fail(Errc::invalid_reply);
  }
};

}  // namespace

TEST_CASE("the targets of a group share the chats, and an answer of any is no fallback") {
  Group group(3);
  group.all_say("fine");
  const Router router = group.router();
  for (int i = 0; i < 9; ++i) {
    const auto reply = router.ask(chat());
    REQUIRE(reply);
    CHECK(reply->source == "g" + std::to_string(i % 3 + 1));
    CHECK(reply->rank == 0);
    CHECK(reply->reason.empty());
    CHECK(reply->attempts.size() == 1);
  }
  CHECK(group.last().calls() == 0);
  CHECK(router.balancer("g")->loads()[1].calls == 3);
  CHECK(router.balancer("g")->loads()[1].in_flight == 0);
  CHECK(router.balancer("last") == nullptr);
}

TEST_CASE("after a failure another target of the group is asked, and then the next step") {
  Group group(4);
  const Router router = group.router();  // nothing is scripted: unreachable
  group.last().then_json(Group::body("from last"));
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(names(reply->attempts) == Names{"g1", "g2", "last"});
  CHECK(reply->source == "last");
  CHECK(reply->rank == 2);
  CHECK(reply->reason == "g1_unreachable");
}

TEST_CASE("a chat asks no more targets of a group than max_targets") {
  Group group(4);
  for (const std::uint32_t most : {1U, 3U, 9U}) {
    group.use(vx11::WeightedRoundRobin{}, most);
    const auto failed = group.router().ask(chat());
    CHECK(failed.error().attempts.size() == std::min(most, 4U) + 1);
  }
}

TEST_CASE("a group without options has the defaults") {
  Group group(4);
  group.options.groups.clear();
  const auto failed = group.router().ask(chat());
  CHECK(failed.error().attempts.size() == 3);
}

TEST_CASE("targets whose breaker is open are passed by without an entry in the ledger") {
  Group group(3);
  group.all_say("fine");
  const Router router = group.router();
  for (int i = 0; i < 3; ++i) router.breaker("g1")->try_acquire()->failure();
  for (int i = 0; i < 6; ++i) {
    const auto reply = router.ask(chat());
    CHECK(reply->attempts.size() == 1);
    CHECK(reply->rank == 0);
  }
  CHECK(group.at(0).calls() == 0);
  CHECK(group.at(1).calls() == 3);
}

TEST_CASE("a group of which every breaker is open is one entry, and the next step is asked") {
  Group group(3);
  group.last().then_json(Group::body("from last"));
  const Router router = group.router();
  for (const char* name : {"g3", "g2", "g1"}) {
    for (int i = 0; i < 3; ++i) router.breaker(name)->try_acquire()->failure();
    group.clock.advance(1s);
  }
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(names(reply->attempts) == Names{"g3", "last"});  // the first to admit a probe
  CHECK(reply->attempts[0].outcome == Outcome::circuit_open);
  CHECK(reply->reason == "g3_circuit_open");
}

TEST_CASE("the last resort of a group whose breakers are open is one of its targets") {
  Group group(2);
  group.options.targets.pop_back();
  group.options.last_resorts = 1;
  group.all_say("after all");
  const Router router = group.router();
  for (const char* name : {"g1", "g2"}) {
    for (int i = 0; i < 3; ++i) router.breaker(name)->try_acquire()->failure();
  }
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(names(reply->attempts) == Names{"g1", "g1"});
  CHECK(outcomes(reply->attempts) == Outcomes{Outcome::circuit_open, Outcome::answered});
}

TEST_CASE("a target that sleeps does not count as asked") {
  Group group(4);
  group.options.targets[0].asleep = [] { return true; };
  group.options.targets[1].asleep = [] { return true; };
  const auto failed = group.router().ask(chat());
  CHECK(outcomes(failed.error().attempts) == Outcomes{Outcome::asleep, Outcome::asleep,
                                                      Outcome::unreachable, Outcome::unreachable,
                                                      Outcome::unreachable});
}

TEST_CASE("a target that cannot express the chat does not count as asked") {
  Group group(4);
  for (const std::size_t i : {0U, 1U}) {
    group.options.targets[i].dialect = std::make_shared<CannotSay>();
  }
  const auto failed = group.router().ask(chat());
  CHECK(outcomes(failed.error().attempts) == Outcomes{Outcome::unsupported, Outcome::unsupported,
                                                      Outcome::unreachable, Outcome::unreachable,
                                                      Outcome::unreachable});
}

TEST_CASE("beside a target that sleeps, one whose breaker is open says when to retry") {
  Group group(2);
  group.options.targets.pop_back();
  group.options.targets[0].asleep = [] { return true; };
  const Router router = group.router();
  for (int i = 0; i < 3; ++i) router.breaker("g2")->try_acquire()->failure();
  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(names(failed.error().attempts) == Names{"g1", "g2"});
  CHECK(outcomes(failed.error().attempts) == Outcomes{Outcome::asleep, Outcome::circuit_open});
  CHECK(failed.error().retry_after > 0s);
}

TEST_CASE("targets that sleep take no place among the calls of a chat side by side") {
  ManualTime time;
  Group group(10);
  const auto ninth = std::make_shared<HeldUpstream>();
  for (std::size_t i = 0; i < 8; ++i) group.options.targets[i].asleep = [] { return true; };
  for (RouterTarget& target : group.options.targets) target.transport = ninth;
  group.options.clock = time.clock;
  group.options.timer = time.timer;
  const Router router = group.router();
  Started asking(router.async_ask(chat()));
  REQUIRE(ninth->calls() == 1);
  ninth->say(0, "awake");
  REQUIRE(asking.done());
  CHECK(asking.take()->source == "g9");
}

TEST_CASE("a chat side by side starts as many calls as its steps allow") {
  ManualTime time;
  Group group(12);
  const auto upstream = std::make_shared<HeldUpstream>();
  for (RouterTarget& target : group.options.targets) target.transport = upstream;
  group.use(vx11::WeightedRoundRobin{}, 7);
  group.options.clock = time.clock;
  group.options.timer = time.timer;
  const Router router = group.router();
  Started asking(router.async_ask(chat()));
  for (std::size_t i = 0; i < 8; ++i) {
    REQUIRE(upstream->calls() == i + 1);
    upstream->end(i, vx11::fail(Errc::unreachable));
  }
  REQUIRE(asking.done());
  const auto failed = asking.take();
  CHECK(failed.error().attempts.size() == 8);
  CHECK(failed.error().attempts.back().target == "last");
}

TEST_CASE("the chats of a session go to one target, and to its next one while that is open") {
  Group group(5);
  group.use(vx11::StickySession{});
  group.all_say("fine");
  const Router router = group.router();
  const auto source = [&](const std::string& session) {
    return router.ask(ChatRequest("hello", session))->source;
  };
  const std::string first = source("session-001");
  for (int i = 0; i < 5; ++i) CHECK(source("session-001") == first);
  for (int i = 0; i < 3; ++i) router.breaker(first)->try_acquire()->failure();
  const std::string second = source("session-001");
  CHECK(second != first);
  CHECK(source("session-001") == second);
  group.clock.advance(60s);
  CHECK(source("session-001") == first);
}

TEST_CASE("a slow target of a group is overtaken by another one of the group") {
  ManualTime time;
  Group group(10);
  std::vector<std::shared_ptr<HeldUpstream>> held;
  for (RouterTarget& target : group.options.targets) {
    held.push_back(std::make_shared<HeldUpstream>());
    target.transport = held.back();
  }
  group.options.clock = time.clock;
  group.options.timer = time.timer;
  const Router router = group.router();
  Started asking(router.async_ask(chat()));
  CHECK(router.balancer("g")->loads()[0].in_flight == 1);
  time.timer->advance(4s);
  REQUIRE(held[1]->calls() == 1);
  held[1]->say(0, "beside");
  REQUIRE(asking.done());
  const auto reply = asking.take();
  CHECK(reply->source == "g2");
  CHECK(reply->reason == "g1_slow");
  CHECK(router.balancer("g")->loads()[0].in_flight == 1);  // observed
  held[0]->end_all();
  CHECK(router.balancer("g")->loads()[0].in_flight == 0);
}

TEST_CASE("a call under way counts until a stream has ended") {
  Group group(2);
  group.options.targets[0].transport =
      std::make_shared<streaming_script::ScriptedStream>(streaming_script::Pieces{
          "event: message\ndata: {\"delta\":\"a\"}\n\n", "event: done\ndata: {}\n\n"});
  const Router router = group.router();
  {
    auto opened = vx11::sync_wait(router.async_stream(chat()));
    REQUIRE(opened);
    CHECK(router.balancer("g")->loads()[0].in_flight == 1);
    while (vx11::sync_wait(opened->next({})).value()) {
    }
    CHECK(router.balancer("g")->loads()[0].in_flight == 0);
  }
}

TEST_CASE("a stream that is dropped and a chat that is cancelled are no longer under way") {
  Group group(1);
  group.options.targets.pop_back();
  SUBCASE("a stream") {
    group.options.targets[0].transport = std::make_shared<streaming_script::ScriptedStream>(
        streaming_script::Pieces{"event: message\ndata: {\"delta\":\"a\"}\n\n"});
    const Router router = group.router();
    {
      const auto opened = vx11::sync_wait(router.async_stream(chat()));
      REQUIRE(opened.has_value());
      CHECK(router.balancer("g")->loads()[0].in_flight == 1);
    }
    CHECK(router.balancer("g")->loads()[0].in_flight == 0);
  }
  SUBCASE("a chat") {
    const auto held = std::make_shared<HeldUpstream>();
    group.options.targets[0].transport = held;
    const Router router = group.router();
    std::stop_source left;
    Started asking(
        router.async_ask(chat(), vx11::Deadline(vx11::TimePoint::max(), left.get_token())));
    CHECK(router.balancer("g")->loads()[0].in_flight == 1);
    left.request_stop();
    REQUIRE(asking.done());
    CHECK(asking.take().error().code == Errc::cancelled);
    CHECK(router.balancer("g")->loads()[0].in_flight == 0);
  }
}

TEST_CASE("peak EWMA learns from the router's calls") {
  Group group(2);
  group.use(vx11::PeakEwma{});
  group.at(0).then(HttpResponse(200, "application/json", Group::body("slow")), 3s);
  group.at(1).then(HttpResponse(200, "application/json", Group::body("fast")), 100ms);
  const Router router = group.router();
  for (int i = 0; i < 40; ++i) CHECK(router.ask(chat()));
  CHECK(group.at(0).calls() <= 4);
  CHECK(group.at(1).calls() >= 36);
}

TEST_CASE("peak EWMA avoids a target that refuses every chat at once") {
  for (const int status : {200, 401, 404, 407}) {
    Group group(2);
    group.use(vx11::PeakEwma{});
    group.at(0).then(HttpResponse(status, "application/json", Group::body("")), 1ms);
    group.at(1).then(HttpResponse(200, "application/json", Group::body("fine")), 100ms);
    const Router router = group.router();
    for (int i = 0; i < 40; ++i) CHECK(router.ask(chat()));
    CHECK(group.at(0).calls() <= 4);
    CHECK(failures(router, "g1") == 0);
  }
}

TEST_CASE("peak EWMA counts a stream that ends without text as slow") {
  Group group(1);
  group.use(vx11::PeakEwma{});
  group.options.targets[0].transport = std::make_shared<streaming_script::ScriptedStream>(
      streaming_script::Pieces{"event: done\ndata: {}\n\n"});
  group.last().then_json(Group::body("from last"));
  const Router router = group.router();
  REQUIRE(vx11::sync_wait(router.async_stream(chat())).has_value());
  CHECK(router.balancer("g")->loads()[0].latency > 4s);
  CHECK(failures(router, "g1") == 0);
}

TEST_CASE("mistakes in groups are named") {
  const auto mistakes = [](auto change) {
    Group group(3);
    change(group.options);
    const auto router = Router::create(group.options);
    return router ? std::string() : router.error().detail;
  };
  CHECK(mistakes([](RouterOptions&) {}).empty());
  CHECK(mistakes([](RouterOptions& o) { o.targets[1].group = ""; }) ==
        "target \"g3\": the targets of group \"g\" must follow one another");
  CHECK(mistakes([](RouterOptions& o) { o.targets[3].name = "g"; }) ==
        "target \"g1\": group \"g\" has the name of a target; "
        "target \"g2\": group \"g\" has the name of a target; "
        "target \"g3\": group \"g\" has the name of a target");
  CHECK(mistakes([](RouterOptions& o) { o.targets[0].weight = 0; }) ==
        "target \"g1\": weight must be 1 to 1000");
  CHECK(mistakes([](RouterOptions& o) {
          o.groups[0].max_targets = 0;
          o.groups[0].balancer.slow_start = -1s;
        }) ==
        "group \"g\": max_targets must be at least 1; group \"g\": slow_start must be at least 0");
  CHECK(mistakes([](RouterOptions& o) { o.groups[0].name = "other"; }) ==
        "group \"other\": no target has it");
  CHECK(mistakes([](RouterOptions& o) { o.groups.push_back(o.groups[0]); }) ==
        "group \"g\": the name is used twice; group \"g\": the name is used twice");
}
