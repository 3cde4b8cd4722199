// What the counters of events show, and how many names they keep apart.
#include <vx11/event_counters.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using vx11::Event;
using vx11::EventCounters;
using vx11::EventKind;
using Words = std::vector<std::string>;

TEST_CASE("counters begin at 0 where they are declared, and appear where they are not") {
  const auto counters = std::make_shared<EventCounters>();
  counters->declare("hedge", "search");
  counters->on_event(Event{.kind = EventKind::hedge_won, .name = "search"});
  counters->on_event(Event{.kind = EventKind::retry_attempt, .name = "late"});
  const auto families = counters->families();
  REQUIRE(families.size() == 1);
  CHECK(families[0].name == "vx11_events_total");
  Words shown;
  for (const vx11::MetricSeries& series : families[0].series) {
    shown.push_back(series.labels[0].second + " " + series.labels[1].second + " " +
                    std::to_string(series.value()));
  }
  CHECK(shown == Words{"hedge.started search 0", "hedge.won search 1", "hedge.refused search 0",
                       "retry.attempt late 1"});
  counters->on_event(Event{.kind = EventKind::hedge_started, .name = "search"});
  CHECK(families[0].series[0].value() == 1);
  CHECK(counters->count(EventKind::hedge_started) == 1);
}

TEST_CASE("counters tell a bounded number of names apart") {
  const auto counters = std::make_shared<EventCounters>(vx11::EventCountersOptions{.max_names = 8});
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "invented-" + std::to_string(i);
    counters->on_event(Event{.kind = EventKind::retry_attempt, .name = name});
  }
  counters->on_event(Event{.kind = EventKind::retry_attempt, .name = "other"});
  CHECK_FALSE(counters->declare("retry", "refused"));
  CHECK(counters->families()[0].series.size() == 9);
  CHECK(counters->count(EventKind::retry_attempt, "invented-7") == 1);
  CHECK(counters->count(EventKind::retry_attempt, "other") == 993);
  CHECK(counters->count(EventKind::retry_attempt) == 1001);
}

TEST_CASE("counters count what was not declared under other, where that is shown") {
  const auto counters = std::make_shared<EventCounters>(
      vx11::EventCountersOptions{.max_names = 2, .declared_only = true});
  CHECK(counters->declare("hedge", "search"));
  CHECK(counters->declare("retry", "search"));
  CHECK(counters->declare("retry", "second"));
  CHECK_FALSE(counters->declare("hegde", "second"));
  CHECK_FALSE(counters->declare("retry", "third"));
  const auto shown = counters->families().at(0).series;
  counters->on_event(Event{.kind = EventKind::hedge_won, .name = "search"});
  counters->on_event(Event{.kind = EventKind::hedge_won, .name = "second"});
  counters->on_event(Event{.kind = EventKind::retry_attempt, .name = "third"});
  counters->on_event(Event{.kind = EventKind::circuit_opened, .name = "search"});
  Words counted;
  for (const vx11::MetricSeries& series : shown) {
    if (series.value() == 0) continue;
    CHECK(series.value() == 1);
    counted.push_back(series.labels[0].second + " " + series.labels[1].second);
  }
  CHECK(counted == Words{"hedge.won search", "circuit.opened other", "retry.attempt other",
                         "hedge.won other"});
  CHECK(counters->families().at(0).series.size() == shown.size());
}

TEST_CASE("counters lose no event of several threads that see new names") {
  const auto counters = std::make_shared<EventCounters>();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&counters] {
      for (int i = 0; i < 2000; ++i) {
        const std::string name = "n" + std::to_string(i % 50);
        counters->on_event(Event{.kind = EventKind::retry_attempt, .name = name});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counters->count(EventKind::retry_attempt) == 8000);
  CHECK(counters->count(EventKind::retry_attempt, "n7") == 160);
}
