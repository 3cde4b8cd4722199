#include <vx11/store/memory.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <doctest/doctest.h>

#include "session_store_suite.hpp"

using namespace session_store_suite_parts;

TEST_CASE("the memory store does what every store does") {
  session_store_suite([](const SessionLimits& limits, const ManualClock& clock) {
    return vx11::make_memory_session_store({.limits = limits, .clock = clock, .wall_clock = clock});
  });
}

TEST_CASE("setting the time of day ends no session in memory") {
  ManualClock clock;
  const auto store = vx11::make_memory_session_store(
      {.limits = {.idle_timeout = 60s}, .clock = clock, .wall_clock = clock});
  append(*store, "s", turn("1"));
  clock.set_wall(clock.wall_now() + 24h);
  CHECK(recent(*store, "s").size() == 2);
  CHECK(find(*store, "s")->last_accessed == clock.wall_now());
}

TEST_CASE("a memory store made without clocks reads the machine's") {
  const auto before = vx11::WallClock().now();
  const auto store = vx11::make_memory_session_store();
  append(*store, "s", turn("1"));
  CHECK(find(*store, "s")->created_at >= before);
}

TEST_CASE("a store in memory knows what it holds and what it has removed") {
  ManualClock clock;
  const auto store = vx11::make_memory_session_store(
      {.limits = {.sessions = 2, .idle_timeout = 60s}, .clock = clock, .wall_clock = clock});
  CHECK(store->figures().sessions == 0);
  CHECK(store->figures().bytes == 0);
  for (const char* id : {"a", "b", "c"}) append(*store, id, turn("1"));
  CHECK(store->figures().sessions == 2);
  CHECK(*store->figures().bytes > 0);
  CHECK(store->figures().evicted == 1);
  CHECK(store->figures().expired == 0);
  clock.advance(60s);
  append(*store, "b", turn("2"));
  CHECK(store->figures().sessions == 1);
  CHECK(store->figures().expired == 2);
  CHECK(store->figures().evicted == 1);
}
