// Every interleaving of a few callers and clock steps, on the real breaker and on a model of it.
//
// A step is one public operation: a caller asks, reports success or failure, drops the permit; the
// clock advances; an operator sets or resets the mode. The operations are linearizable, each takes
// effect in one instant (a load or exchange of the word, or under the lock), so any concurrent run
// equals one of these sequences; circuit_breaker_threads_test.cpp tests that property. A caller
// that never reports is one that is not scheduled again.
//
// After every step the breaker must agree with the model in all observable state. Invariants
// checked independently of the model:
// - At most N probes: no more than `probes` are under way and not overdue in one half-open time.
// - Open never admits.
// - Generations never mix, and never run backwards; a verdict from another one changes nothing.
// - The effective state does not depend on which caller reads it, or how often.
// - No slot is ever lost: once running probes are overdue, enough fresh probes are admitted to
//   close the circuit, and when they succeed it is closed.

#include "circuit_breaker_model.hpp"

#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using circuit_breaker_model::Model;
using vx11::CircuitBreaker;
using vx11::CircuitMode;
using vx11::CircuitState;
using vx11::Verdict;

namespace {

enum class Intervention {
  isolate,
  force_close,
  disable,
  metrics_only,
  automatic,
  reset,
  evidence,
  restore,
  suspect,
  trust,
};

/// The schedules to explore: `depth` steps of `callers`, from the state that `before` establishes.
struct Plan {
  vx11::CircuitBreakerOptions options = {};
  std::size_t callers = 3;
  std::size_t depth = 6;
  std::vector<vx11::Duration> clock_steps = {10s};
  std::vector<Intervention> interventions = {};
  std::vector<std::pair<std::size_t, std::size_t>> before = {};  ///< Caller and choice, see `act`.
};

constexpr std::size_t kClock = ~std::size_t{0};  ///< As a caller in `before`: the first clock step.
constexpr std::size_t kAsk = 0;
constexpr std::size_t kFail = 1;

/// The breaker and its model, side by side.
class Pair {
 public:
  explicit Pair(const Plan& plan)
      : plan_(plan),
        breaker_(plan.options, clock_),
        model_(plan.options, clock_.now()),
        callers_(plan.callers) {
    for (const auto& [caller, choice] : plan.before) {
      caller == kClock ? clock_.advance(plan.clock_steps.front()) : act(caller, choice);
    }
  }

  /// A caller without a permit can ask for one; with one it can report in three ways.
  std::size_t choices() const {
    std::size_t count = plan_.clock_steps.size() + plan_.interventions.size();
    for (const Caller& caller : callers_) count += caller.real ? 3 : 1;
    return count;
  }
  void step(std::size_t choice) {
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      const std::size_t own = callers_[i].real ? 3 : 1;
      if (choice < own) return act(i, choice);
      choice -= own;
    }
    if (choice < plan_.clock_steps.size()) return clock_.advance(plan_.clock_steps[choice]);
    intervene(plan_.interventions[choice - plan_.clock_steps.size()]);
  }

  /// The first disagreement or broken invariant; empty if none.
  std::string disagreement() {
    const vx11::TimePoint now = clock_.now();
    const auto seen = breaker_.snapshot();
    if (!wrong_.empty()) return wrong_;
    if (seen.state != model_.state(now)) return "state";
    if (seen.mode != model_.mode()) return "mode";
    if (seen.generation != model_.generation()) return "generation";
    if (seen.generation < generation_) return "the generation ran backwards";
    if (seen.is_suspected != model_.suspected()) return "suspicion";
    if (seen.failures != model_.failures()) return "failures";
    if (seen.retry_after != model_.retry_after(now)) return "retry_after";
    if (seen.window != model_.window(now)) return "window";
    if (!same(seen.totals, model_.totals())) return "totals";
    if (breaker_.state() != seen.state) return "the state depends on how one asks";
    if (breaker_.snapshot().generation != seen.generation) return "looking changed something";
    generation_ = seen.generation;
    return {};
  }

  /// Whether the breaker can be closed again if held permits are never reported.
  bool recovers() {
    breaker_.automatic();
    clock_.advance(24h);
    if (breaker_.state() == CircuitState::closed) return true;
    std::vector<CircuitBreaker::Permit> fresh;
    for (std::uint32_t i = 0; i < plan_.options.probes; ++i) {
      auto admission = breaker_.try_acquire();
      if (!admission) break;
      fresh.push_back(std::move(*admission));
    }
    for (auto& permit : fresh) permit.success();
    return breaker_.state() == CircuitState::closed;
  }

 private:
  struct Caller {
    std::optional<CircuitBreaker::Permit> real = std::nullopt;
    circuit_breaker_model::Permit model = {};
  };

  void act(std::size_t i, std::size_t choice) {
    Caller& caller = callers_[i];
    if (!caller.real) return ask(caller);
    constexpr std::array kVerdicts = {Verdict::success, Verdict::failure, Verdict::neutral};
    const auto before = breaker_.snapshot();
    const bool stale = caller.model.generation != before.generation;
    caller.real->record(kVerdicts[choice]);
    caller.real.reset();
    model_.conclude(caller.model, kVerdicts[choice], clock_.now());
    if (stale && breaker_.snapshot().generation != before.generation) wrong_ = "a stale verdict";
  }

  void ask(Caller& caller) {
    const bool open = breaker_.state() == CircuitState::open;
    auto real = breaker_.try_acquire();
    const auto model = model_.acquire(clock_.now());
    if (real && open) wrong_ = "open admits";
    if (real.has_value() != model.permit.has_value()) {
      wrong_ = "admission";
    } else if (real) {
      if (real->is_probe() != model.permit->probe) wrong_ = "probe or not";
      caller.model = *model.permit;
      caller.real.emplace(std::move(*real));
      if (probes_under_way() > plan_.options.probes) wrong_ = "more probes than permitted";
    } else if (real.error() != model.rejection) {
      wrong_ = "rejection";
    }
  }

  std::size_t probes_under_way() const {
    std::size_t count = 0;
    for (const Caller& caller : callers_) {
      if (caller.real && caller.real->is_probe() &&
          caller.model.generation == breaker_.snapshot().generation &&
          clock_.now() < caller.model.since + plan_.options.probe_timeout) {
        ++count;
      }
    }
    return count;
  }

  void intervene(Intervention how) {
    switch (how) {
      case Intervention::isolate:
        return breaker_.isolate(), model_.hold(CircuitMode::isolated);
      case Intervention::force_close:
        return breaker_.force_close(), model_.hold(CircuitMode::forced_closed);
      case Intervention::disable:
        return breaker_.disable(), model_.hold(CircuitMode::disabled);
      case Intervention::metrics_only:
        return breaker_.metrics_only(), model_.hold(CircuitMode::metrics_only);
      case Intervention::automatic:
        return breaker_.automatic(), model_.hold(CircuitMode::automatic);
      case Intervention::reset:
        return breaker_.reset(), model_.reset();
      case Intervention::evidence:
        return breaker_.evidence_of_recovery(), model_.evidence();
      case Intervention::restore:
        return breaker_.restore(breaker_.snapshot(), 4s), model_.restore(4s, clock_.now());
      case Intervention::suspect:
        return breaker_.suspect(), model_.suspect(true);
      case Intervention::trust:
        return breaker_.trust(), model_.suspect(false);
    }
  }

  static bool same(const vx11::CircuitTotals& a, const vx11::CircuitTotals& b) {
    return a.successes == b.successes && a.failures == b.failures && a.neutral == b.neutral &&
           a.slow == b.slow && a.rejected == b.rejected &&
           a.would_have_opened == b.would_have_opened;
  }

  const Plan& plan_;
  vx11::testing::ManualClock clock_;
  CircuitBreaker breaker_;
  Model model_;
  std::vector<Caller> callers_;
  std::uint64_t generation_ = 0;
  std::string wrong_ = {};
};

std::string in_words(const std::vector<std::size_t>& schedule) {
  std::string words = "schedule";
  for (const std::size_t choice : schedule) words += ' ' + std::to_string(choice);
  return words;
}

/// Runs every schedule of the plan, enumerated like a counter whose digits have as many values as
/// the step has choices.
/// \return the number of schedules
std::uint64_t explore(const Plan& plan) {
  std::vector<std::size_t> schedule(plan.depth, 0);
  std::vector<std::size_t> choices(plan.depth, 0);
  for (std::uint64_t explored = 1;; ++explored) {
    Pair pair(plan);
    std::string wrong = pair.disagreement();
    for (std::size_t i = 0; i < plan.depth && wrong.empty(); ++i) {
      choices[i] = pair.choices();
      pair.step(schedule[i]);
      wrong = pair.disagreement();
    }
    if (wrong.empty() && !pair.recovers()) wrong = "it does not recover";
    if (!wrong.empty()) FAIL(wrong << " after " << in_words(schedule));
    std::size_t digit = plan.depth;
    while (digit > 0 && ++schedule[digit - 1] == choices[digit - 1]) schedule[--digit] = 0;
    if (digit == 0) return explored;
  }
}

/// A lower bound: in each step at least one choice per caller, clock step and intervention.
std::uint64_t least(const Plan& plan) {
  std::uint64_t schedules = 1;
  for (std::size_t i = 0; i < plan.depth; ++i) {
    schedules *= plan.callers + plan.clock_steps.size() + plan.interventions.size();
  }
  return schedules;
}

void require_explored(const Plan& plan) {
  const std::uint64_t explored = explore(plan);
  MESSAGE(explored << " schedules, at least " << least(plan));
  REQUIRE(explored > least(plan));
}

/// The number of schedules if every caller is always admitted; `holding` permits are held at first.
std::uint64_t exactly(const Plan& plan, std::size_t holding, std::size_t depth) {
  if (depth == 0) return 1;
  std::uint64_t schedules = plan.clock_steps.size() * exactly(plan, holding, depth - 1);
  if (holding < plan.callers) {
    schedules += (plan.callers - holding) * exactly(plan, holding + 1, depth - 1);
  }
  if (holding > 0) schedules += 3 * holding * exactly(plan, holding - 1, depth - 1);
  return schedules;
}

/// Caller 0 keeps a permit from before; caller 1 fails once, which opens the circuit.
const std::vector<std::pair<std::size_t, std::size_t>> kOpenWithOneLeftBehind = {
    {0, kAsk}, {1, kAsk}, {1, kFail}};

}  // namespace

TEST_CASE("the scheduler explores exactly as many schedules as there are") {
  const Plan plan{.options = {.failures_to_open = 1000}};
  CHECK(explore(plan) == exactly(plan, 0, plan.depth));
}

TEST_CASE("failures in a row, from closed") {
  require_explored({.options = {.failures_to_open = 2, .open_for = 10s, .probe_timeout = 10s},
                    .callers = 2,
                    .depth = 7});
}

TEST_CASE("one probe, from the end of the open time") {
  auto before = kOpenWithOneLeftBehind;
  before.push_back({kClock, 0});
  require_explored({.options = {.failures_to_open = 1, .open_for = 10s, .probe_timeout = 10s},
                    .before = before});
}

TEST_CASE("three probes of which two have to succeed, from the end of the open time") {
  auto before = kOpenWithOneLeftBehind;
  before.push_back({kClock, 0});
  require_explored({.options = {.failures_to_open = 1,
                                .open_for = 10s,
                                .probes = 3,
                                .probe_timeout = 20s,
                                .probes_to_close = 2},
                    .before = before});
}

TEST_CASE("an open time that grows") {
  require_explored({.options = {.failures_to_open = 1,
                                .open_for = 10s,
                                .probe_timeout = 30s,
                                .growth = {.factor = 2.0, .at_most = 25s}},
                    .callers = 1,
                    .depth = 11,
                    .before = {{0, kAsk}, {0, kFail}}});
}

TEST_CASE("a window of counted calls") {
  require_explored(
      {.options = {.open_for = 10s,
                   .probe_timeout = 10s,
                   .trip = vx11::CountWindow{.size = 3, .minimum_calls = 2, .failure_rate = 0.5}},
       .callers = 2,
       .depth = 8});
}

TEST_CASE("a window of counted calls, slow ones too") {
  require_explored(
      {.options = {.open_for = 10s,
                   .probe_timeout = 30s,
                   .trip = vx11::CountWindow{.size = 2,
                                             .minimum_calls = 2,
                                             .failure_rate = 1.0,
                                             .slow = vx11::SlowCalls{.after = 10s, .rate = 0.5}}},
       .callers = 2,
       .depth = 7});
}

TEST_CASE("a window of time") {
  require_explored(
      {.options = {.open_for = 5s,
                   .probe_timeout = 10s,
                   .trip =
                       vx11::TimeWindow{
                           .span = 15s, .buckets = 3, .minimum_calls = 2, .failure_rate = 0.5}},
       .callers = 2,
       .depth = 6,
       .clock_steps = {5s, 20s}});
}

TEST_CASE("an operator intervenes, consecutive failures") {
  require_explored(
      {.options = {.failures_to_open = 1, .open_for = 10s, .probe_timeout = 10s},
       .callers = 2,
       .depth = 5,
       .interventions = {Intervention::isolate, Intervention::force_close, Intervention::disable,
                         Intervention::metrics_only, Intervention::automatic, Intervention::reset},
       .before = kOpenWithOneLeftBehind});
}

TEST_CASE("an operator intervenes, a window") {
  require_explored(
      {.options = {.open_for = 10s,
                   .probe_timeout = 10s,
                   .trip = vx11::CountWindow{.size = 2, .minimum_calls = 1}},
       .callers = 2,
       .depth = 5,
       .interventions = {Intervention::isolate, Intervention::force_close,
                         Intervention::metrics_only, Intervention::automatic, Intervention::reset},
       .before = kOpenWithOneLeftBehind});
}

TEST_CASE("other calls of the upstream succeed, and the breaker is restored from its snapshot") {
  require_explored(
      {.options = {.failures_to_open = 2, .open_for = 10s, .probe_timeout = 10s},
       .callers = 2,
       .depth = 6,
       .interventions = {Intervention::evidence, Intervention::restore, Intervention::isolate},
       .before = {{0, kAsk}, {1, kAsk}, {1, kFail}}});
}

TEST_CASE("evidence and restoring, three probes and an open time that grows") {
  auto before = kOpenWithOneLeftBehind;
  before.push_back({kClock, 0});
  require_explored({.options = {.failures_to_open = 1,
                                .open_for = 10s,
                                .probes = 3,
                                .probe_timeout = 20s,
                                .probes_to_close = 2,
                                .growth = {.factor = 2.0, .at_most = 25s}},
                    .callers = 2,
                    .depth = 6,
                    .interventions = {Intervention::evidence, Intervention::restore},
                    .before = before});
}

TEST_CASE("evidence and restoring, a window") {
  require_explored(
      {.options = {.open_for = 10s,
                   .probe_timeout = 10s,
                   .trip = vx11::CountWindow{.size = 3, .minimum_calls = 2, .failure_rate = 0.5}},
       .callers = 2,
       .depth = 6,
       .interventions = {Intervention::evidence, Intervention::restore}});
}

TEST_CASE("suspected by others, consecutive failures") {
  require_explored({.options = {.failures_to_open = 3, .open_for = 10s, .probe_timeout = 10s},
                    .callers = 2,
                    .depth = 6,
                    .interventions = {Intervention::suspect, Intervention::trust,
                                      Intervention::isolate, Intervention::restore}});
}

TEST_CASE("suspected by others, modes that never open") {
  require_explored(
      {.options = {.failures_to_open = 2, .open_for = 10s, .probe_timeout = 10s},
       .callers = 2,
       .depth = 5,
       .interventions = {Intervention::suspect, Intervention::metrics_only,
                         Intervention::force_close, Intervention::automatic, Intervention::reset}});
}

TEST_CASE("suspected by others, a window with slow calls") {
  require_explored(
      {.options = {.open_for = 10s,
                   .probe_timeout = 30s,
                   .trip = vx11::CountWindow{.size = 3,
                                             .minimum_calls = 3,
                                             .failure_rate = 1.0,
                                             .slow = vx11::SlowCalls{.after = 10s, .rate = 1.0}}},
       .callers = 2,
       .depth = 6,
       .interventions = {Intervention::suspect, Intervention::trust}});
}
