// The watcher: changes become events, once.

#include "operator/watch/watcher.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "gateway_fakes.hpp"
#include "operator/events/event_families.hpp"

namespace {

using namespace gateway_fakes;
using namespace std::chrono_literals;
using Types = std::vector<std::string>;

json breaker(const char* state, const char* mode = "automatic") {
  return {{"state", state}, {"failure_count", 0}, {"last_failure", nullptr}, {"mode", mode}};
}

struct Site : FakeParts {
  Site() {
    status(healthy_status());
    power(solo_madre());
    breakers({{"switch", breaker("closed")}});
    objectives(false);
  }

  void status(const json& body) { gateway->answers("GET /operator/status", 200, body); }
  void madre(const char* word) {
    json body = healthy_status();
    body["components"]["madre"] = component(word);
    status(body);
  }
  void power(const json& body) { gateway->answers("GET /operator/power/state", 200, body); }
  void breakers(const json& all) {
    gateway->answers("GET /vx11/circuit-breaker/status", 200, {{"breakers", all}});
  }
  void objectives(bool firing) {
    const json alert = {{"severity", "page"}, {"firing", firing}};
    gateway->answers("GET /operator/slo", 200,
                     {{"objectives", {{{"name", "availability"}, {"alerts", {alert}}}}}});
  }
  void away() {
    gateway->responds("GET /operator/status", vx11::fail(Errc::unreachable, "refused"));
  }

  backend::WatcherOptions options() {
    backend::WatcherOptions chosen;
    chosen.token = "own-token";
    chosen.wall_clock = clock;
    return chosen;
  }
  /// Looks five seconds after the last look. \return the types of the new events
  Types look() {
    clock.advance(5s);
    watcher.look();
    return events->news();
  }

  backend::Watcher watcher{parts, options()};
};

TEST_CASE("a system in its normal state is no news, and is looked at from evidence alone") {
  Site site;
  CHECK(site.look().empty());
  CHECK(site.look().empty());
  for (const HttpRequest& sent : site.gateway->requests) {
    CHECK(sent.method == "GET");
    CHECK(sent.headers.get("Authorization") == "Bearer own-token");
  }
  REQUIRE(site.parts.feed->latest());
  CHECK(site.parts.feed->latest()->gateway_answers);
  CHECK(site.parts.feed->latest()->status["policy"] == "solo_madre");
  CHECK(site.parts.feed->latest()->power["status"] == "none");
  CHECK(site.parts.feed->latest()->breakers["switch"]["state"] == "closed");
}

TEST_CASE("components, breakers, objectives and the gateway itself are reported when they change") {
  Site site;
  site.madre("unreachable");
  CHECK(site.look() == Types{"component.changed"});
  CHECK(site.events->last().module == "madre");
  CHECK(site.events->last().severity == backend::Severity::error);
  CHECK(site.look().empty());
  site.madre("ok");
  CHECK(site.look() == Types{"component.changed"});
  CHECK(site.events->last().payload["from"] == "unreachable");

  site.breakers({{"switch", breaker("open")}});
  CHECK(site.look() == Types{"breaker.opened"});
  site.breakers({{"switch", breaker("half_open")}});
  CHECK(site.look() == Types{"breaker.half_open"});
  site.breakers({{"switch", breaker("closed")}});
  CHECK(site.look() == Types{"breaker.closed"});
  site.breakers({{"switch", breaker("open", "isolated")}});
  CHECK(site.look() == Types{"breaker.isolated"});

  site.objectives(true);
  CHECK(site.look() == Types{"slo.burning"});
  CHECK(site.events->last().severity == backend::Severity::critical);
  site.objectives(false);
  CHECK(site.look() == Types{"slo.recovered"});

  site.away();
  CHECK(site.look() == Types{"gateway.away"});
  CHECK_FALSE(site.parts.feed->latest()->gateway_answers);
  CHECK(site.look().empty());
  site.status(healthy_status());
  CHECK(site.look() == Types{"gateway.back"});
}

TEST_CASE("a token that the gateway refuses is said once, and the gateway is not away") {
  Site site;
  site.gateway->answers("GET /operator/status", 403,
                        {{"error", "forbidden"}, {"status_code", 403}});
  CHECK(site.look() == Types{"watcher.refused"});
  CHECK(site.look().empty());
  site.status(healthy_status());
  CHECK(site.look() == Types{"watcher.admitted"});
}

TEST_CASE("a window is reported when it opens, is about to end, expires or is closed") {
  Site site;
  site.look();
  site.power(with_window());
  CHECK(site.look() == Types{"power.window_opened"});
  CHECK(site.events->last().payload["window_id"] == "win-1");
  CHECK(site.look().empty());
  site.clock.advance(230s);
  CHECK(site.look() == Types{"power.window_ending"});
  CHECK(site.look().empty());
  // madre cannot be asked: nothing is known of the window.
  site.gateway->answers("GET /operator/power/state", 503,
                        {{"status", "service_offline"}, {"reason", "timeout"}});
  CHECK(site.look().empty());
  site.clock.advance(60s);
  site.power(solo_madre());
  CHECK(site.look() == Types{"power.window_expired"});

  site.power(with_window("win-2", 300));
  const Types opened = site.look();
  REQUIRE_FALSE(opened.empty());
  CHECK(opened.front() == "power.window_opened");
}

TEST_CASE("a window that goes before its time was closed, and another one is another") {
  Site site;
  site.power(with_window("win-1"));
  CHECK(site.look() == Types{"power.window_opened"});
  site.power(with_window("win-2"));
  CHECK(site.look() == Types{"power.window_closed", "power.window_opened"});
  site.power(solo_madre());
  CHECK(site.look() == Types{"power.window_closed"});
}

TEST_CASE("a restart of the backend repeats nothing and misses nothing") {
  Site site;
  site.madre("degraded");
  site.breakers({{"switch", breaker("open")}});
  site.power(with_window());
  CHECK(site.look().size() == 3);
  for (int i = 0; i < 3'000; ++i) {  // what happens else
    NewEvent chat;
    chat.type = "chat.fallback";
    vx11::sync_wait(site.events->add(std::move(chat)));
  }
  site.events->news();

  backend::Watcher again(site.parts, site.options());
  site.clock.advance(5s);
  again.look();
  CHECK(site.events->news().empty());
  site.madre("ok");
  site.clock.advance(400s);
  site.power(solo_madre());
  backend::Watcher third(site.parts, site.options());
  third.look();
  CHECK(site.events->news() == Types{"component.changed", "power.window_expired"});
}

TEST_CASE("an event that cannot be stored is reported by a later look") {
  Site site;
  site.look();
  site.madre("unreachable");
  site.events->fails = true;
  CHECK(site.look().empty());
  site.events->fails = false;
  CHECK(site.look() == Types{"component.changed"});

  // Without its past a watcher reports nothing: it might repeat it.
  site.events->fails = true;
  backend::Watcher again(site.parts, site.options());
  again.look();
  site.events->fails = false;
  again.look();
  CHECK(site.events->news().empty());
}

TEST_CASE("a component that changes all the time is bounded, and reported once it stays") {
  Site site;
  site.look();
  Types all;
  for (int i = 0; i < 200; ++i) {
    site.madre(i % 2 == 0 ? "degraded" : "ok");
    for (std::string& type : site.look()) all.push_back(std::move(type));
  }
  CHECK(all.size() == 7);
  CHECK(all.back() == "component.flapping");
  site.madre("unreachable");
  Types after;
  for (int i = 0; i < 20; ++i) {
    for (std::string& type : site.look()) after.push_back(std::move(type));
  }
  CHECK(after == Types{"component.changed"});
  CHECK(site.events->last().payload["to"] == "unreachable");
}

TEST_CASE("what a caller's command does is left to its route") {
  Site site;
  site.look();
  {
    const auto command = site.parts.feed->begin_command();
    site.power(with_window());
    CHECK(site.look().empty());  // madre has done it, but has not answered
    NewEvent opened;
    opened.type = "power.window_opened";
    opened.payload["window_id"] = "win-1";
    site.parts.feed->report(std::move(opened));
  }
  CHECK(site.look().empty());
  site.power(solo_madre());
  CHECK(site.look() == Types{"power.window_closed"});
}

TEST_CASE("a command that ends while the watcher looks does not mislead it") {
  Site site;
  site.look();
  site.gateway->on_request = [&](const HttpRequest& request) {
    if (request.target != "/operator/power/state") return;
    const auto command = site.parts.feed->begin_command();
    site.power(with_window());
  };
  CHECK(site.look().empty());
  site.gateway->on_request = {};
}

TEST_CASE("callers cannot send events that the watcher would believe") {
  for (const char* type : {"power.window_closed", "gateway.away", "login", "breaker.opened"}) {
    CHECK(backend::is_reserved_event(type));
  }
  CHECK_FALSE(backend::is_reserved_event("hermes.ready"));
  Site site;
  backend::NewEvent forged;
  forged.type = "hermes.ready";
  forged.payload = {{"watched", "gateway:tentaculo_link"}, {"to", "away"}};
  CHECK(vx11::sync_wait(site.events->add(forged)));
  site.events->news();
  CHECK(site.look().empty());  // a return of the gateway would be news
  CHECK_FALSE(backend::is_reserved_event("powerful.thing"));
}

TEST_CASE("listeners hear of changes, and not of times") {
  Site site;
  int heard = 0;
  auto subscription = site.parts.feed->listen([&](const auto&) { ++heard; });
  site.look();
  CHECK(heard == 1);
  json later = healthy_status();
  later["components"]["madre"]["latency_ms"] = 99.5;
  site.status(later);
  site.look();
  CHECK(heard == 1);
  site.power(with_window());
  site.look();
  site.power(with_window("win-1", 290));
  site.look();
  CHECK(heard == 2);
  subscription.reset();
  site.madre("degraded");
  site.look();
  CHECK(heard == 2);
  // The probes' latencies, not those of what is read or is the gateway itself.
  const json series = site.parts.feed->latencies().to_json();
  REQUIRE(series.size() == 2);
  CHECK(series[0]["upstream"] == "madre");
  CHECK(series[0]["points"].size() == 5);
}

}  // namespace
