#include <vx11/adaptive_limit.hpp>
#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/event_counters.hpp>
#include <vx11/event_sinks.hpp>
#include <vx11/event_table.hpp>
#include <vx11/fallback.hpp>
#include <vx11/hedge.hpp>
#include <vx11/keyed_rate_limiter.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/retry.hpp>
#include <vx11/retry_budget.hpp>
#include <vx11/timeout.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <set>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"
#include "recorded_events.hpp"

using namespace std::chrono_literals;
using vx11::Deadline;
using vx11::Errc;
using vx11::Event;
using vx11::EventCounters;
using vx11::EventKind;
using vx11::sync_wait;
using vx11::testing::ManualClock;
using Words = std::vector<std::string>;

namespace {
std::atomic<std::uint64_t> allocations = 0;
}  // namespace

// Not inlined: the compiler would take malloc and delete for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace {

/// Counts without keeping anything.
struct CountedEvents final : vx11::Events {
  void on_event(const Event& /*event*/) noexcept override { ++events; }
  std::atomic<std::uint64_t> events = 0;
};

/// A retry that waits by turning the clock.
vx11::RetryOptions retrying(ManualClock& clock, std::shared_ptr<vx11::Events> events) {
  return {.attempts = 3,
          .backoff = {.base = 10ms, .jitter = vx11::Jitter::none},
          .timer = std::make_shared<vx11::testing::InstantTimer>(clock),
          .name = "search",
          .events = std::move(events)};
}

}  // namespace

TEST_CASE("every kind has a name of its own: a part and a word, in snake_case") {
  std::set<std::string_view> names;
  for (const vx11::EventInfo& info : vx11::kEventTable) {
    CAPTURE(info.name);
    CHECK(names.insert(info.name).second);
    CHECK(std::count(info.name.begin(), info.name.end(), '.') == 1);
    CHECK(info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.") == std::string_view::npos);
    CHECK(info.meaning.ends_with('.'));
    CHECK(to_string(info.kind) == info.name);
  }
  CHECK(vx11::info_of(EventKind::circuit_opened).part() == "circuit");
}

TEST_CASE("shared events keep their sink alive, and report nothing without one") {
  auto sink = record_events();
  const std::weak_ptr<RecordedEvents> watched = sink;
  vx11::SharedEvents events = sink;
  vx11::SharedEvents copy = events;
  sink.reset();
  events = {};
  CHECK_FALSE(events);
  events(Event{.kind = EventKind::retry_attempt});
  REQUIRE(copy);
  copy(Event{.kind = EventKind::retry_attempt, .name = "a"});
  CHECK(watched.lock()->words() == Words{"retry.attempt"});
  copy = nullptr;
  CHECK(watched.expired());
  CHECK_FALSE(vx11::SharedEvents(std::shared_ptr<RecordedEvents>()));
}

TEST_CASE("a breaker reports transitions, probes and rejections") {
  ManualClock clock;
  const auto events = record_events();
  vx11::CircuitBreaker breaker(
      {.failures_to_open = 1, .open_for = 10s, .name = "search", .events = events}, clock);
  breaker.try_acquire()->failure();
  CHECK_FALSE(breaker.try_acquire());
  clock.advance(10s);
  {
    auto probe = breaker.try_acquire();
    CHECK_FALSE(breaker.try_acquire());
    probe->success();
  }
  CHECK(events->words() == Words{"circuit.opened closed", "circuit.rejected circuit_open",
                                 "circuit.half_opened open", "circuit.probe_admitted",
                                 "circuit.rejected probes_busy", "circuit.closed half_open"});
  for (const RecordedEvent& event : events->all()) CHECK(event.name == "search");
  CHECK(events->all()[1].duration == 10s);
}

TEST_CASE("a breaker reports what holds it, what would have opened it, and a suspicion") {
  const auto events = record_events();
  vx11::CircuitBreaker breaker({.failures_to_open = 1, .events = events});
  breaker.suspect();
  breaker.suspect();
  breaker.isolate();
  CHECK_FALSE(breaker.try_acquire());
  breaker.metrics_only();
  breaker.try_acquire()->failure();
  breaker.automatic();
  CHECK(events->words() == Words{"circuit.suspected", "circuit.held isolated",
                                 "circuit.rejected isolated", "circuit.held metrics_only",
                                 "circuit.would_have_opened", "circuit.closed closed"});
}

TEST_CASE("a breaker reports a transition once to its listener and once as an event") {
  int heard = 0;
  const auto events = record_events();
  vx11::CircuitBreaker breaker(
      {.failures_to_open = 1,
       .on_transition = [&](const vx11::CircuitTransition& /*change*/) { ++heard; },
       .events = events});
  breaker.try_acquire()->failure();
  CHECK(heard == 1);
  CHECK(events->words() == Words{"circuit.opened closed"});
}

TEST_CASE("a retry reports each further attempt and why it ended") {
  ManualClock clock;
  const auto events = record_events();
  const vx11::Retry retry(retrying(clock, events), clock);
  ScriptedCall call({failed(Errc::unreachable)});
  SUBCASE("no attempts are left") {
    SUBCASE("blocking") {
      CHECK_FALSE(retry.run(call, Deadline()));
    }
    SUBCASE("awaited") {
      CHECK_FALSE(sync_wait(retry.async_run(awaited(call), Deadline())));
    }
    CHECK(events->words() == Words{"retry.attempt", "retry.attempt", "retry.gave_up attempts"});
    CHECK(events->all()[0].count == 2);
    CHECK(events->all()[0].duration == 10ms);
    CHECK(events->all()[1].count == 3);
    CHECK(events->all()[2].count == 3);
    CHECK(events->all()[2].name == "search");
  }
  SUBCASE("no time is left") {
    CHECK_FALSE(retry.run(call, Deadline::after(clock.now(), 5ms)));
    CHECK(events->words() == Words{"retry.gave_up deadline"});
    CHECK(events->all()[0].count == 1);
  }
  SUBCASE("the caller left") {
    std::stop_source stop;
    stop.request_stop();
    CHECK_FALSE(retry.run(call, Deadline({}, stop.get_token())));
    CHECK(events->words() == Words{"retry.gave_up cancelled"});
  }
  SUBCASE("it succeeds") {
    ScriptedCall good({7});
    CHECK(retry.run(good, Deadline()));
    CHECK(events->words().empty());
  }
}

TEST_CASE("a retry reports that its budget is spent, and so does the budget") {
  ManualClock clock;
  const auto events = record_events();
  const auto of_budget = record_events();
  auto options = retrying(clock, events);
  options.budget = std::make_shared<vx11::RetryBudget>(vx11::RetryBudgetOptions{
      .share = 0, .min_per_second = 0, .name = "shared", .events = of_budget});
  const vx11::Retry retry(std::move(options), clock);
  ScriptedCall call({failed(Errc::unreachable)});
  CHECK_FALSE(retry.run(call, Deadline()));
  CHECK(events->words() == Words{"retry.gave_up budget_spent"});
  CHECK(of_budget->words() == Words{"retry_budget.refused"});
  CHECK(of_budget->all()[0].name == "shared");
}

TEST_CASE("a retry reports a wait that is asked for and too long") {
  ManualClock clock;
  const auto events = record_events();
  const vx11::Retry retry(retrying(clock, events), clock);
  vx11::Error busy(Errc::unavailable, "busy");
  busy.retry_after = 10min;
  ScriptedCall call({vx11::fail(std::move(busy))});
  CHECK_FALSE(retry.run(call, Deadline()));
  CHECK(events->words() == Words{"retry.gave_up retry_after"});
}

TEST_CASE("a hedge reports its second attempt, and that it won") {
  ManualTime time;
  OpenCalls calls;
  const auto events = record_events();
  vx11::Hedge hedge({.delay = 100ms, .timer = time.timer, .name = "search", .events = events},
                    time.clock);
  Started running(hedge.async_run(std::ref(calls), Deadline()));
  time.timer->advance(100ms);
  CHECK(events->words() == Words{"hedge.started"});
  CHECK(events->all()[0].duration == 100ms);
  time.timer->advance(20ms);
  calls.end(1, 7);
  REQUIRE(running.done());
  CHECK(events->words() == Words{"hedge.started", "hedge.won"});
  CHECK(events->all()[1].duration == 120ms);
  CHECK(events->all()[1].name == "search");
}

TEST_CASE("a hedge reports that its budget is spent") {
  ManualTime time;
  OpenCalls calls;
  const auto events = record_events();
  const auto budget = std::make_shared<vx11::RetryBudget>(
      vx11::RetryBudgetOptions{.share = 0, .min_per_second = 0});
  vx11::Hedge hedge({.delay = 100ms, .budget = budget, .timer = time.timer, .events = events},
                    time.clock);
  Started running(hedge.async_run(std::ref(calls), Deadline()));
  time.timer->advance(100ms);
  calls.end(0, 7);
  CHECK(events->words() == Words{"hedge.refused budget_spent"});
}

TEST_CASE("a timeout reports calls that expired and calls without time") {
  ManualClock clock;
  const auto events = record_events();
  const vx11::Timeout timeout({.timeout = 2s, .name = "search", .events = events}, clock);
  ScriptedCall late({failed(Errc::timeout)});
  SUBCASE("blocking") {
    CHECK_FALSE(timeout.run(late, Deadline()));
  }
  SUBCASE("awaited") {
    CHECK_FALSE(sync_wait(timeout.async_run(awaited(late), Deadline())));
  }
  CHECK_FALSE(timeout.run(late, Deadline::after(clock.now(), 0s)));
  CHECK(events->words() == Words{"timeout.expired", "timeout.rejected no_time_left"});
  CHECK(events->all()[0].duration == 2s);
  CHECK(events->all()[0].name == "search");
}

TEST_CASE("a bulkhead reports calls that wait, are rejected, or leave") {
  ManualTime time;
  const auto events = record_events();
  vx11::Bulkhead bulkhead({.concurrent = 1,
                           .queue = 1,
                           .wait_timeout = 1s,
                           .timer = time.timer,
                           .name = "search",
                           .events = events},
                          time.clock);
  const auto place = bulkhead.try_acquire();
  CHECK_FALSE(bulkhead.try_acquire());
  Started waiting(bulkhead.async_acquire());
  Started refused(bulkhead.async_acquire());
  time.timer->advance(1s);
  std::stop_source stop;
  Started leaving(bulkhead.async_acquire(Deadline({}, stop.get_token())));
  stop.request_stop();
  CHECK(events->words() == Words{"bulkhead.rejected bulkhead_full", "bulkhead.queued",
                                 "bulkhead.rejected bulkhead_full",
                                 "bulkhead.rejected no_place_free", "bulkhead.queued",
                                 "bulkhead.cancelled"});
  CHECK(events->all()[1].count == 1);
  CHECK(events->all()[1].limit == 1);
  CHECK(events->all()[1].name == "search");
}

TEST_CASE("rate limiters report calls that come too soon, and never a key") {
  ManualClock clock;
  const auto events = record_events();
  const vx11::RateLimiterOptions rate{.calls = 1, .period = 4s, .name = "search", .events = events};
  SUBCASE("one rate") {
    vx11::RateLimiter limiter(rate, clock);
    CHECK(limiter.try_acquire());
    CHECK_FALSE(limiter.try_acquire());
  }
  SUBCASE("a rate for each key") {
    vx11::KeyedRateLimiter<> limiter({.rate = rate}, clock);
    CHECK(limiter.try_acquire("client"));
    CHECK_FALSE(limiter.try_acquire("client"));
  }
  CHECK(events->words() == Words{"rate_limiter.rejected"});
  CHECK(events->all()[0].duration == 4s);
  CHECK(events->all()[0].name == "search");
}

TEST_CASE("an adaptive limit reports its changes and rejections") {
  ManualClock clock;
  const auto events = record_events();
  vx11::AdaptiveLimit limit({.algorithm = vx11::LimitAlgorithm::aimd,
                             .initial = 10,
                             .after_failure = 0.5,
                             .name = "search",
                             .events = events},
                            clock);
  limit.try_acquire()->failure();
  const RecordedEvent change = events->only(EventKind::adaptive_limit_changed);
  CHECK(change.count == 10);
  CHECK(change.limit == 5);
  CHECK(change.name == "search");
  std::vector<vx11::AdaptiveLimit::Permit> permits;
  while (auto permit = limit.try_acquire()) permits.push_back(*std::move(permit));
  CHECK(events->only(EventKind::adaptive_limit_rejected).limit == 5);
}

TEST_CASE("a fallback reports what it replaced") {
  const auto events = record_events();
  const auto policy = vx11::fallback(7, {.name = "search", .events = events});
  ScriptedCall call({failed(Errc::timeout), 3});
  CHECK(policy.run(call) == 7);
  CHECK(policy.run(call) == 3);
  const auto strict = policy.when([](const vx11::Result<int>& result) { return result == 3; });
  CHECK(strict.run(call) == 7);
  CHECK(events->words() == Words{"fallback.used timeout", "fallback.used failure"});
  CHECK(events->all()[1].name == "search");
}

TEST_CASE("a sink may call back into the policy that reports") {
  ManualTime time;
  const auto events = record_events();
  vx11::CircuitBreaker breaker(
      {.failures_to_open = 1, .trip = vx11::CountWindow{.minimum_calls = 1}, .events = events},
      time.clock);
  vx11::Bulkhead bulkhead({.concurrent = 1, .queue = 1, .timer = time.timer, .events = events},
                          time.clock);
  vx11::KeyedRateLimiter<> keyed({.rate = {.calls = 1, .events = events}}, time.clock);
  vx11::AdaptiveLimit limit({.initial = 10, .after_failure = 0.5, .events = events}, time.clock);
  events->during = [&] {
    static_cast<void>(breaker.snapshot());
    breaker.reset();
    static_cast<void>(bulkhead.stats());
    static_cast<void>(keyed.stats());
    if (limit.limit() == 5) limit.try_acquire()->success();
  };
  breaker.try_acquire()->failure();
  const auto place = bulkhead.try_acquire();
  CHECK_FALSE(bulkhead.try_acquire());
  Started waiting(bulkhead.async_acquire(Deadline::after(time.clock.now(), 1s)));
  time.timer->advance(1s);
  CHECK(keyed.try_acquire("client"));
  CHECK_FALSE(keyed.try_acquire("client"));
  limit.try_acquire()->failure();
  CHECK(events->count(EventKind::circuit_opened) == 1);
  CHECK(events->count(EventKind::bulkhead_rejected) == 2);
  CHECK(events->count(EventKind::rate_limiter_rejected) == 1);
  CHECK(events->count(EventKind::adaptive_limit_changed) >= 1);
}

TEST_CASE("reporting and counting allocate nothing") {
  const auto counters = std::make_shared<EventCounters>();
  const auto sink = std::make_shared<CountedEvents>();
  const auto both =
      std::make_shared<vx11::EventFanOut>(std::vector<vx11::SharedEvents>{counters, sink});
  const std::string name = "a name that is longer than a short string";
  for (const vx11::EventInfo& info : vx11::kEventTable) {
    CHECK(counters->declare(info.part(), name));
  }
  ManualClock clock;
  vx11::CircuitBreaker breaker(
      {.failures_to_open = 1, .open_for = 1s, .name = name, .events = both}, clock);
  vx11::RateLimiter limiter({.name = name, .events = both}, clock);
  vx11::Bulkhead bulkhead({.concurrent = 0, .name = name, .events = both}, clock);
  vx11::AdaptiveLimit limit({.initial = 4, .after_failure = 0.5, .name = name, .events = both},
                            clock);
  vx11::RetryBudget budget({.share = 0, .min_per_second = 0, .name = name, .events = both}, clock);
  const std::uint64_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    breaker.try_acquire()->failure();
    static_cast<void>(breaker.try_acquire());
    clock.advance(1s);
    static_cast<void>(limiter.try_acquire());
    static_cast<void>(limiter.try_acquire());
    static_cast<void>(bulkhead.try_acquire());
    static_cast<void>(budget.withdraw());
    if (auto permit = limit.try_acquire()) permit->failure();
  }
  CHECK(allocations == before);
  CHECK(sink->events > 500);
  CHECK(counters->count(EventKind::circuit_rejected, name) == 100);
}

TEST_CASE("a function is a sink") {
  std::atomic<int> calls = 0;
  const vx11::SharedEvents events =
      vx11::make_events([&calls](const Event& /*event*/) noexcept { ++calls; });
  events(Event{});
  CHECK(calls == 1);
  const auto may_throw = [](const Event& /*event*/) {};
  static_assert(!std::is_nothrow_invocable_v<decltype(may_throw)&, const Event&>);
}

TEST_CASE("docs/events.md has the table of the source, and compares kinds that exist") {
  std::ifstream file(VX11_EVENTS_PAGE);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  std::string table = "| event | severity | when | values |\n|---|---|---|---|\n";
  for (const vx11::EventInfo& info : vx11::kEventTable) {
    table.append("| `").append(info.name).append("` | ").append(to_string(info.severity));
    table.append(" | ").append(info.meaning).append(" | ").append(info.values).append(" |\n");
  }
  CAPTURE(table);
  CHECK_MESSAGE(page.find(table) != std::string::npos, "copy the table above into the page");
  const std::string beside = page.substr(page.find("| here |"));
  std::istringstream lines(beside.substr(0, beside.find("\n\n")));
  std::string line;
  for (int skipped = 0; skipped < 2; ++skipped) std::getline(lines, line);
  int rows = 0;
  while (std::getline(lines, line)) {
    CAPTURE(line);
    const auto begin = line.find('`');
    const std::string name = line.substr(begin + 1, line.find('`', begin + 1) - begin - 1);
    const bool is_kind =
        std::any_of(vx11::kEventTable.begin(), vx11::kEventTable.end(),
                    [&](const vx11::EventInfo& info) { return info.name == name; });
    CHECK((begin == std::string::npos || is_kind));
    ++rows;
  }
  CHECK(rows > 10);
}
