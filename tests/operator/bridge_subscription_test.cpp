// What clients of the WebSocket bridge subscribe to.
#include <string>
#include <thread>

#include "bridge_site.hpp"

using namespace bridge_site;

namespace {

json subscribe(const std::vector<std::string>& channels) {
  return {{"type", "subscribe"}, {"channels", channels}};
}

json events_after(std::uint64_t id) {
  json message = subscribe({"events"});
  message["after"] = id;
  return message;
}

std::string hear_event(RawHttpClient& client) {
  return hear(client, "event")["event"]["type"];
}

backend::StatusSnapshot snapshot(const std::string& madre, const std::string& mode, int latency) {
  backend::StatusSnapshot snapshot;
  snapshot.gateway_answers = true;
  snapshot.status = {{"madre", madre}, {"latency_ms", latency}};
  snapshot.power = {{"mode", mode}, {"ttl_remaining_sec", latency}};
  return snapshot;
}

}  // namespace

TEST_CASE_FIXTURE(BridgeSite, "events arrive as they happen, after the subscription") {
  RawHttpClient client = open();
  events->add_now("early");
  say(client, subscribe({"events"}));
  CHECK(hear(client) == json({{"type", "subscribed"}, {"channels", {"events"}}}));
  events->add_now("first");
  events->add_now("second");
  const json first = hear(client);
  CHECK(first["type"] == "event");
  CHECK(first["event"]["type"] == "first");
  CHECK(first["event"]["id"] == 2);
  CHECK(hear_event(client) == "second");
}

TEST_CASE_FIXTURE(BridgeSite, "a client that comes back gets what it missed, once and in order") {
  for (int i = 1; i <= 150; ++i) events->add_now(std::to_string(i));
  RawHttpClient client = open();
  std::jthread adding([&] {  // joins also if an expectation fails
    for (int i = 151; i <= 600; ++i) events->add_now(std::to_string(i));
  });
  say(client, events_after(50));
  for (int i = 51; i <= 600; ++i) REQUIRE(hear_event(client) == std::to_string(i));
}

TEST_CASE_FIXTURE(BridgeSite, "events that are not stored any more are a gap") {
  events->kept = 10;
  for (int i = 1; i <= 100; ++i) events->add_now(std::to_string(i));
  SUBCASE("removed from the store") {
    RawHttpClient client = open();
    say(client, events_after(50));
    CHECK(hear(client, "gap") == json({{"type", "gap"}, {"after", 50}, {"before", 91}}));
    for (int i = 91; i <= 100; ++i) CHECK(hear_event(client) == std::to_string(i));
    events->add_now("live");
    CHECK(hear_event(client) == "live");
  }
  SUBCASE("too many") {
    options.limits.backlog = 3;
    RawHttpClient client = open();
    say(client, events_after(95));
    CHECK(hear(client, "gap")["before"] == 98);
    CHECK(hear_event(client) == "98");
  }
  SUBCASE("of another database") {
    RawHttpClient client = open();
    say(client, events_after(5000));
    CHECK(hear(client, "gap")["before"] == 91);
    for (int i = 91; i <= 100; ++i) CHECK(hear_event(client) == std::to_string(i));
    events->add_now("live");
    CHECK(hear_event(client) == "live");
  }
}

TEST_CASE_FIXTURE(BridgeSite, "a store that cannot be read is an error, and can be asked again") {
  events->add_now("1");
  RawHttpClient client = open();
  events->fails = true;
  say(client, events_after(0));
  CHECK(hear(client, "error")["code"] == "storage");
  events->fails = false;
  say(client, events_after(0));
  CHECK(hear_event(client) == "1");
}

TEST_CASE_FIXTURE(BridgeSite, "a client that reads a long backlog is waited for") {
  options.limits.unsent_bytes = 20'000;
  for (int i = 0; i < 900; ++i) events->add_now(std::string(2000, 'x') + std::to_string(i));
  RawHttpClient client = open();
  say(client, events_after(0));
  for (int i = 0; i < 900; ++i) REQUIRE(hear_event(client).ends_with('x' + std::to_string(i)));
}

TEST_CASE_FIXTURE(BridgeSite, "an event that no client could take at once ends the catching up") {
  options.limits.unsent_bytes = 1'000;
  events->add_now(std::string(8000, 'x'));
  RawHttpClient client = open();
  say(client, events_after(0));
  CHECK(hear(client, "lagging")["type"] == "lagging");
  CHECK(close_code(client) == 1008);
}

TEST_CASE_FIXTURE(BridgeSite, "status and power are sent on change alone") {
  feed->publish(snapshot("ok", "solo_madre", 1));
  RawHttpClient client = open();
  say(client, subscribe({"status", "power"}));
  CHECK(hear(client)["channels"] == json({"status", "power"}));
  CHECK(hear(client)["status"]["madre"] == "ok");
  CHECK(hear(client)["window"]["mode"] == "solo_madre");
  feed->publish(snapshot("ok", "solo_madre", 2));
  feed->publish(snapshot("degraded", "solo_madre", 3));
  const json status = hear(client);
  CHECK(status["type"] == "status");
  CHECK(status["status"]["madre"] == "degraded");
  feed->publish(snapshot("degraded", "window_active", 4));
  const json power = hear(client);
  CHECK(power["type"] == "power");
  CHECK(power["window"]["mode"] == "window_active");
}

TEST_CASE_FIXTURE(BridgeSite, "a subscription needs the scopes of what it shows") {
  RawHttpClient client = open("x-vx11-token: poor\r\n");
  say(client, subscribe({"power"}));
  CHECK(hear(client)["type"] == "subscribed");
  for (const char* channel : {"events", "status"}) {
    say(client, subscribe({"power", channel}));
    CHECK(hear(client)["code"] == "insufficient_scope");
  }
  say(client, chat("1", "hello"));
  const json refused = hear(client);
  CHECK(refused["code"] == "insufficient_scope");
  CHECK(refused["id"] == "1");
  CHECK(gateway.requests().empty());
  CHECK(audit->lines() == std::vector<std::string>{"chat refused"});
}
