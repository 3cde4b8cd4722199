// Budgets and burn rates: the scenarios that the rules of Prometheus are tested with, and what only
// a process can do: start again, and see its clocks jump.

#include <vx11/service_level.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "service_level/windows.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using vx11::ServiceLevel;
using vx11::ServiceLevelOptions;

namespace {

using Level = std::shared_ptr<ServiceLevel>;

const std::map<std::string, vx11::Duration> kWindows = {
    {"5m", 5min}, {"30m", 30min}, {"1h", 1h}, {"6h", 6h}, {"3d", 72h}};

struct Site {
  vx11::testing::ManualClock clock;

  ServiceLevelOptions options(double objective = 0.999) const {
    return {.objective = objective, .clock = clock, .wall_clock = clock};
  }
  Level made(double objective = 0.999) const {
    return ServiceLevel::create(options(objective)).value();
  }
  void count(const Level& level, int good, int bad) const {
    for (int i = 0; i < good; ++i) level->count(true);
    for (int i = 0; i < bad; ++i) level->count(false);
  }
};

std::vector<std::string> firing(const ServiceLevel& level) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < level.options().alerts.size(); ++i) {
    if (!level.is_firing(i)) continue;
    names.push_back(vx11::service_level::window_name(level.options().alerts[i].long_window));
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// One scenario, played.
struct Play : Site {
  Play(const json& described, int step_seconds)
      : scenario(described),
        step(step_seconds),
        level(made(described.at("objective").get<double>())) {}

  void run() {
    check_if_due();
    for (const json& phase : scenario.at("phases")) {
      const bool is_restart = phase.value("restart", false);
      if (is_restart) history = level->history();
      const double minutes = phase.at("minutes").get<double>();
      for (long i = 0; i < steps_in(minutes); ++i) {
        if (!is_restart) count(level, phase.at("good").get<int>(), phase.at("bad").get<int>());
        clock.advance(step);
        ++steps;
        if (!is_restart) check_if_due();
      }
      if (!is_restart) continue;
      level = made(scenario.at("objective").get<double>());
      level->restore(history);
    }
  }

  long steps_in(double minutes) const {
    return std::lround(minutes * 60 / static_cast<double>(step.count()));
  }

  void check_if_due() {
    for (const json& check : scenario.at("checks")) {
      if (steps_in(check.at("at").get<double>()) != steps) continue;
      ++checked;
      CAPTURE(check.dump());
      CHECK(firing(*level) == check.at("firing").get<std::vector<std::string>>());
      const json burns = check.value("burn", json::object());
      for (const auto& [window, burn] : burns.items()) {
        const double wanted = burn.get<double>();
        const auto& case_window = window;  // clang 14 captures no structured binding
        CAPTURE(case_window);
        CHECK(std::abs(level->burn_rate(kWindows.at(window)) - wanted) <= 0.06 * wanted);
      }
    }
  }

  const json& scenario;
  std::chrono::seconds step;
  Level level;
  vx11::ServiceLevelHistory history = {};
  long steps = 0;
  std::size_t checked = 0;
};

}  // namespace

TEST_CASE("the scenarios of the alerts") {
  std::ifstream file(VX11_SCENARIOS);
  const json all = json::parse(file);
  for (const json& scenario : all.at("scenarios")) {
    CAPTURE(scenario.at("name").get<std::string>());
    Play play(scenario, all.at("step_seconds").get<int>());
    play.run();
    CHECK(play.checked == scenario.at("checks").size());
  }
}

TEST_CASE_FIXTURE(Site, "without events the whole budget is left and nothing burns") {
  const Level level = made();
  CHECK(level->budget_remaining() == 1);
  CHECK(level->burn_rate(5min) == 0);
  CHECK(level->events(level->options().period) == vx11::EventCounts{});
  CHECK(level->known() == 0s);
  clock.advance(24h * 40);
  CHECK(level->budget_remaining() == 1);
  CHECK(level->known() == 24h * 30);
}

TEST_CASE_FIXTURE(Site, "the budget is what the objective allows of the events of the period") {
  const Level level = made(0.99);
  count(level, 995, 5);
  CHECK(level->budget_remaining() == doctest::Approx(0.5));
  count(level, 0, 10);
  CHECK(level->budget_remaining() == doctest::Approx(1 - 15 / 1010.0 / 0.01));
  clock.advance(24h * 29);
  CHECK(level->events(24h * 30).bad == 15);
  clock.advance(24h * 2);
  CHECK(level->events(24h * 30) == vx11::EventCounts{});
  CHECK(level->budget_remaining() == 1);
  CHECK(level->counted() == vx11::EventCounts{.total = 1010, .bad = 15});
}

TEST_CASE_FIXTURE(Site, "an event leaves a window when the window has passed, within one slice") {
  const Level level = made();
  clock.advance(7s);
  count(level, 3, 0);
  clock.advance(5min - 7s);
  CHECK(level->events(5min).total == 3);
  clock.advance(7s + 15s);
  CHECK(level->events(5min).total == 0);
  CHECK(level->events(1h).total == 3);
  CHECK(level->events(72h).total == 3);
}

TEST_CASE_FIXTURE(Site, "events before a read and after it are in their own slices") {
  const Level level = made();
  count(level, 1, 0);
  clock.advance(10min);
  CHECK(level->events(5min).total == 0);
  count(level, 2, 0);
  clock.advance(1min);
  count(level, 4, 0);
  CHECK(level->events(5min).total == 6);
  CHECK(level->events(1h).total == 7);
}

TEST_CASE_FIXTURE(Site, "a restart keeps windows and budget, and the time between counts") {
  Level level = made();
  count(level, 90, 10);
  clock.advance(30min);
  const auto history = level->history();
  clock.advance(20min);
  level = made();
  level->restore(history);
  CHECK(level->events(1h) == vx11::EventCounts{.total = 100, .bad = 10});
  CHECK(level->known() == 50min);
  CHECK(level->counted() == vx11::EventCounts{});
  clock.advance(11min);
  CHECK(level->events(1h).total == 0);
  CHECK(level->events(6h).total == 100);
}

TEST_CASE_FIXTURE(Site, "a restart moves nothing from before a window into it") {
  Level level = made();
  count(level, 5, 0);
  clock.advance(400s);
  count(level, 3, 0);
  clock.advance(6h - 100s);
  CHECK(level->events(6h).total == 3);
  const auto history = level->history();
  level = made();
  level->restore(history);
  CHECK(level->events(6h).total == 3);
  CHECK(level->events(72h).total == 8);
}

TEST_CASE_FIXTURE(Site, "many restarts, each shorter than a slice of the period, let events age") {
  Level level = made();
  count(level, 0, 5);
  for (int i = 0; i < 24 * 31 * 4; ++i) {
    const auto history = level->history();
    clock.advance(15min);
    level = made();
    level->restore(history);
  }
  CHECK(level->events(level->options().period).total == 0);
}

TEST_CASE_FIXTURE(Site, "what was counted before an earlier history is restored is kept") {
  Level level = made();
  count(level, 70, 0);
  clock.advance(2h);
  const auto history = level->history();
  clock.advance(1h);
  level = made();
  count(level, 0, 7);
  clock.advance(10min);
  level->restore(history);
  CHECK(level->events(30min) == vx11::EventCounts{.total = 7, .bad = 7});
  CHECK(level->events(6h) == vx11::EventCounts{.total = 77, .bad = 7});
  CHECK(level->counted() == vx11::EventCounts{.total = 7, .bad = 7});
  clock.advance(2h + 51min);
  CHECK(level->events(6h).total == 7);
}

TEST_CASE_FIXTURE(Site, "changes of the system time affect nothing while a process runs") {
  const Level level = made();
  count(level, 5, 5);
  const auto wall = clock.wall_now();
  for (const auto jump : {-24h * 365, 24h * 365}) {
    clock.set_wall(wall + jump);
    clock.advance(1min);
    CHECK(level->events(5min).total == 10);
    CHECK(level->events(level->options().period).bad == 5);
  }
}

TEST_CASE_FIXTURE(Site, "a system time that went back between two processes loses nothing") {
  Level level = made();
  count(level, 5, 5);
  clock.advance(1min);
  const auto history = level->history();
  clock.set_wall(clock.wall_now() - 24h * 10);
  level = made();
  level->restore(history);
  CHECK(level->events(5min).total == 10);
  clock.advance(10min);
  CHECK(level->events(5min).total == 0);
  CHECK(level->events(1h).total == 10);
}

TEST_CASE_FIXTURE(Site, "a system time of 1970 does not make a history old") {
  clock.set_wall(vx11::WallTime(std::chrono::seconds(100)));
  Level level = made();
  count(level, 5, 5);
  const auto history = level->history();
  clock.set_wall(vx11::WallTime(std::chrono::seconds(1'790'000'000)));
  level = made();
  level->restore(history);
  CHECK(level->events(5min).total == 10);
}

TEST_CASE_FIXTURE(Site, "a system time far ahead makes all events too old, and counting goes on") {
  Level level = made();
  count(level, 5, 5);
  const auto history = level->history();
  clock.set_wall(clock.wall_now() + 24h * 365 * 400);
  level = made();
  level->restore(history);
  CHECK(level->events(level->options().period).total == 0);
  count(level, 1, 0);
  CHECK(level->events(5min).total == 1);
}

TEST_CASE_FIXTURE(Site, "a history with numbers out of range is no crash") {
  const Level level = made();
  count(level, 1, 0);
  vx11::ServiceLevelHistory history;
  history.saved = clock.wall_now();
  history.age = vx11::Duration::max();
  history.tracks = {{.step = 15s, .slices = {{-5, {7, 0}}, {INT64_MAX, {7, 0}}, {3, {7, 0}}}},
                    {.step = vx11::Duration(0), .slices = {{1, {7, 0}}}},
                    {.step = vx11::Duration(-1), .slices = {{1, {7, 0}}}}};
  level->restore(history);
  CHECK(level->events(level->options().period).total == 1);
  history.age = vx11::Duration::min();
  level->restore(history);
  CHECK(level->events(5min).total == 1);
}

TEST_CASE_FIXTURE(Site, "another period, other alerts and another objective keep the history") {
  const Level level = made();
  count(level, 99, 1);
  clock.advance(10min);
  ServiceLevelOptions other = options(0.9);
  other.period = 24h * 7;
  const Level next = ServiceLevel::create(other).value();
  next->continue_from(*level);
  CHECK(next->counted() == vx11::EventCounts{.total = 100, .bad = 1});
  CHECK(next->events(1h) == vx11::EventCounts{.total = 100, .bad = 1});
  CHECK(next->events(24h * 7).total == 100);
  CHECK(next->burn_rate(1h) == doctest::Approx(0.1));
  next->count(true);
  CHECK(next->counted().total == 101);
  CHECK(next->events(5min).total == 1);
}

TEST_CASE_FIXTURE(Site, "another period keeps also what only the coarsest slices remember") {
  const Level level = made(0.99);
  for (int day = 0; day < 20; ++day) {
    count(level, 76, 24);
    clock.advance(24h);
  }
  count(level, 10, 0);
  for (const auto period : {24h * 28, 24h * 31, 24h * 90}) {
    CAPTURE(period / 24h);
    ServiceLevelOptions other = options(0.99);
    other.period = period;
    const Level next = ServiceLevel::create(other).value();
    next->continue_from(*level);
    CHECK(next->events(period) == vx11::EventCounts{.total = 2010, .bad = 480});
    CHECK(next->budget_remaining() == doctest::Approx(level->budget_remaining()));
    for (const auto window : {1h, 24h, 72h}) CHECK(next->events(window) == level->events(window));
    CHECK(next->events(24h * 10 + 2h) == vx11::EventCounts{.total = 1010, .bad = 240});
  }
}

TEST_CASE_FIXTURE(Site, "a shorter period forgets what is older") {
  const Level level = made();
  count(level, 0, 7);
  clock.advance(24h * 10);
  count(level, 5, 0);
  ServiceLevelOptions other = options();
  other.period = 24h * 7;
  const Level next = ServiceLevel::create(other).value();
  next->continue_from(*level);
  CHECK(next->events(24h * 7) == vx11::EventCounts{.total = 5, .bad = 0});
  CHECK(next->budget_remaining() == 1);
}

TEST_CASE_FIXTURE(Site, "a late restore loses nothing of any window") {
  for (const auto age : {0min, 1min, 7min, 20min, 59min, 61min, 170min}) {
    for (const auto late : {10s, 400s, 2000s}) {
      CAPTURE(age.count());
      CAPTURE(late.count());
      Level level = made();
      clock.advance(age);
      count(level, 2, 1);
      const auto history = level->history();
      level = made();
      count(level, 4, 1);
      clock.advance(late);
      level->restore(history);
      for (const auto window : {1h, 6h, 72h, 24h * 30}) {
        CHECK(level->events(window) == vx11::EventCounts{.total = 8, .bad = 2});
      }
    }
  }
}

TEST_CASE_FIXTURE(Site, "every mistake in the options is named") {
  ServiceLevelOptions wrong = options(1);
  wrong.period = 24h;
  wrong.alerts.front().burn_rate = 0;
  const auto made = ServiceLevel::create(wrong);
  REQUIRE_FALSE(made);
  CHECK(made.error().detail ==
        "objective must be above 0 and below 1; alerts: burn_rate must be above 0; alerts: "
        "long_window must be at most the period");
}

TEST_CASE("several threads lose no event") {
  const Level level = ServiceLevel::create().value();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        level->count(i % 10 != 0);
        if (i % 1000 == 0) static_cast<void>(level->burn_rate(5min));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(level->counted() == vx11::EventCounts{.total = 80'000, .bad = 8'000});
  CHECK(level->events(1h) == vx11::EventCounts{.total = 80'000, .bad = 8'000});
}

TEST_CASE_FIXTURE(Site, "no slice has more bad events than events, also if it ends beside them") {
  const Level level = made();
  const auto begin = clock.now();
  std::atomic<int> counting{3};
  std::vector<std::thread> threads;
  for (int t = counting; t > 0; --t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200'000; ++i) level->count(false, begin);
      --counting;
    });
  }
  for (int i = 0; counting > 0; ++i) {
    if (i < 5000) clock.advance(15s);
    static_cast<void>(level->known());
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(level->events(24h * 30) == vx11::EventCounts{.total = 600'000, .bad = 600'000});
  for (const auto& track : level->history().tracks) {
    const auto is_wrong = [](const auto& slice) { return slice.counts.bad > slice.counts.total; };
    CHECK(std::count_if(track.slices.begin(), track.slices.end(), is_wrong) == 0);
  }
}
