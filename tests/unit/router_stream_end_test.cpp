// How streams end, and what their breakers record.

#include "recorded_events.hpp"
#include "router_streams.hpp"

using namespace router_streams;

TEST_CASE("an error in mid-stream is a failure, as an event or as data") {
  for (const char* event :
       {"event: error\ndata: {\"detail\":\"x\"}\n\n", "event: error\ndata\n\n",
        "data: {\"error\":\"overloaded\"}\n\n",
        "data: {\"error\":{\"message\":\"x\"},\"delta\":\"y\"}\n\n",
        "event: done\ndata: {\"error\":\"x\"}\n\n", "data: {\"delta\":\"cut\n\n"}) {
    CAPTURE(event);
    const Upstreams upstreams(stream_of({kHel + event + kDone}));
    auto stream = upstreams.ask();
    REQUIRE(stream.has_value());
    CHECK((**next(*stream)).text == "hel");
    const auto after = next(*stream);
    REQUIRE_FALSE(after.has_value());
    CHECK(after.error().code == Errc::http_status);
    CHECK(stream->attempts().back().outcome == Outcome::error);
    CHECK(upstreams.breaker().failures == 1);
  }
}

TEST_CASE("after the first piece no other target is asked") {
  const Upstreams upstreams(stream_of({kHel, broken(Errc::unreachable)}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK((**next(*stream)).text == "hel");
  const auto after = next(*stream);
  REQUIRE_FALSE(after.has_value());
  CHECK(after.error().code == Errc::unreachable);
  CHECK(after.error().upstream == "switch");
  CHECK(after.error().detail.find("scripted") == std::string::npos);
  CHECK(upstreams.fallback->calls() == 0);
  CHECK_FALSE(next(*stream).value().has_value());
}

TEST_CASE("a stream that is cut cleanly without its end is broken") {
  const Upstreams upstreams(stream_of({kHel, kLo}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(next(*stream).value().has_value());
  CHECK(next(*stream).value().has_value());
  CHECK(next(*stream).error().code == Errc::invalid_reply);
  CHECK(upstreams.breaker().failures == 1);
}

TEST_CASE("an event that is cut in its data is no piece") {
  const Upstreams upstreams(stream_of({kHel, kLo.substr(0, kLo.size() - 4)}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK((**next(*stream)).text == "hel");
  CHECK(next(*stream).error().code == Errc::invalid_reply);
}

TEST_CASE("a stream that is cut in its last event is broken") {
  const Upstreams upstreams(stream_of({kHel, "event: done\ndata: {\"mod"}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK((**next(*stream)).text == "hel");
  CHECK_FALSE(next(*stream).has_value());
  CHECK(upstreams.breaker().failures == 1);
}

TEST_CASE("a stream that ends well is a success, and only then") {
  const Upstreams upstreams(stream_of({kHel, kLo, kDone}));
  upstreams.fail_switch(2);
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(next(*stream).value().has_value());
  CHECK(next(*stream).value().has_value());
  CHECK(upstreams.breaker().failures == 2);
  CHECK_FALSE(next(*stream).value().has_value());
  CHECK(upstreams.breaker().failures == 0);
}

TEST_CASE("a stream that breaks is a failure") {
  for (const Errc code : {Errc::unreachable, Errc::timeout, Errc::invalid_reply}) {
    const Upstreams upstreams(stream_of({kHel, broken(code)}));
    upstreams.fail_switch(2);
    auto stream = upstreams.ask();
    REQUIRE(stream.has_value());
    CHECK(next(*stream).value().has_value());
    CHECK(upstreams.breaker().failures == 2);
    CHECK(next(*stream).error().code == code);
    CHECK(upstreams.breaker().failures == 3);
    CHECK(upstreams.breaker().state == CircuitState::open);
  }
}

TEST_CASE("an event too large breaks the stream") {
  const Upstreams upstreams(stream_of({kHel, "data: " + std::string(1'100'000, 'x')}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(next(*stream).value().has_value());
  CHECK(next(*stream).error().code == Errc::too_large);
  CHECK(upstreams.breaker().failures == 1);
}

TEST_CASE("a stream dropped before its end is neutral and closes its body") {
  const auto upstream = stream_of({kHel, kLo});
  const Upstreams upstreams(upstream);
  upstreams.fail_switch(2);
  {
    auto stream = upstreams.ask();
    REQUIRE(stream.has_value());
    CHECK(next(*stream).value().has_value());
    CHECK(upstream->open_bodies() == 1);
  }
  CHECK(upstream->open_bodies() == 0);
  CHECK(upstreams.breaker().failures == 2);
  CHECK(upstreams.breaker().state == CircuitState::closed);
}

TEST_CASE("a stream that is a probe holds its slot until it ends or is dropped") {
  Upstreams upstreams(stream_of({kHel, kLo, kDone}));
  upstreams.fail_switch(3);
  upstreams.clock.advance(61s);
  {
    auto probe = upstreams.ask();
    REQUIRE(probe.has_value());
    CHECK(probe->source() == "switch");
    auto other = upstreams.ask();
    CHECK(other.value().reason() == "switch_circuit_open");
  }
  CHECK(upstreams.breaker().state == CircuitState::half_open);
  auto next_probe = upstreams.ask();
  REQUIRE(next_probe.has_value());
  CHECK(next_probe->source() == "switch");
  CHECK(upstreams.breaker().state == CircuitState::half_open);
  CHECK(rest_of(*next_probe).size() == 2);
  CHECK(upstreams.breaker().state == CircuitState::closed);
}

TEST_CASE("a stream whose reader goes away is cancelled and neutral") {
  const auto upstream = stream_of({kHel, kLo, kDone});
  const Upstreams upstreams(upstream);
  upstreams.fail_switch(2);
  std::stop_source gone;
  const Deadline deadline(vx11::TimePoint::max(), gone.get_token());
  auto stream = upstreams.ask(deadline);
  REQUIRE(stream.has_value());
  CHECK(next(*stream, deadline).value().has_value());
  gone.request_stop();
  CHECK(next(*stream, deadline).error().code == Errc::cancelled);
  CHECK(upstreams.breaker().failures == 2);
  CHECK(upstreams.breaker().state == CircuitState::closed);
}

TEST_CASE("a call cancelled beforehand asks no target") {
  const auto upstream = stream_of({kHel});
  const Upstreams upstreams(upstream);
  std::stop_source gone;
  gone.request_stop();
  const auto stream = upstreams.ask(Deadline(vx11::TimePoint::max(), gone.get_token()));
  REQUIRE_FALSE(stream.has_value());
  CHECK(stream.error().code == Errc::cancelled);
  CHECK(upstream->calls() == 0);
  CHECK(upstreams.fallback->calls() == 0);
}

TEST_CASE("a stream may outlive its router") {
  std::optional<Upstreams> upstreams(stream_of({kHel, kLo, kDone}));
  auto stream = upstreams->ask();
  REQUIRE(stream.has_value());
  upstreams->router = Router::create({.targets = {{.name = "madre",
                                                   .url = "http://m:8001",
                                                   .transport = upstreams->fallback}}})
                          .value();
  CHECK(rest_of(*stream).size() == 2);
}

TEST_CASE("a stream that breaks after its first piece is an event") {
  const auto events = record_events();
  const Upstreams upstreams(stream_of({kHel, broken(Errc::unreachable)}), events);
  {
    auto stream = upstreams.ask();
    REQUIRE(stream.has_value());
    CHECK(events->words() == std::vector<std::string>{"router.attempt answered"});
    CHECK(next(*stream).value().has_value());
    CHECK_FALSE(next(*stream).has_value());
  }
  CHECK(events->words() ==
        std::vector<std::string>{"router.attempt answered", "router.stream_broken unreachable"});
  CHECK(events->all()[1].name == "switch");
}

TEST_CASE("a stream whose client leaves is no event of a failure") {
  const auto events = record_events();
  const Upstreams upstreams(stream_of({kHel, kLo, kDone}), events);
  std::stop_source gone;
  const Deadline deadline(vx11::TimePoint::max(), gone.get_token());
  auto stream = upstreams.ask(deadline);
  REQUIRE(stream.has_value());
  CHECK(next(*stream, deadline).value().has_value());
  gone.request_stop();
  CHECK(next(*stream, deadline).error().code == Errc::cancelled);
  CHECK_FALSE(upstreams.ask(deadline).has_value());
  CHECK(events->words() ==
        std::vector<std::string>{"router.attempt answered", "router.attempt cancelled"});
}
