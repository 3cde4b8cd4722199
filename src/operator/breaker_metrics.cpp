#include "operator/breaker_metrics.hpp"

#include <array>
#include <chrono>
#include <limits>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

using Breaker = std::shared_ptr<const CircuitBreaker>;

struct Total {
  const char* name;
  const char* help;
  std::uint64_t CircuitTotals::*value;
};
constexpr std::array<Total, 5> kTotals = {{
    {"vx11_circuit_failed_calls_total", "Calls that counted as failures of their upstream.",
     &CircuitTotals::failures},
    {"vx11_circuit_neutral_calls_total", "Calls without a verdict on their upstream.",
     &CircuitTotals::neutral},
    {"vx11_circuit_slow_calls_total", "Calls that were slow, of breakers that measure it.",
     &CircuitTotals::slow},
    {"vx11_circuit_rejections_total", "Calls that a circuit breaker did not admit.",
     &CircuitTotals::rejected},
    {"vx11_circuit_probes_total", "Calls that were admitted to find out whether to close.",
     &CircuitTotals::probes},
}};

struct Figure {
  const char* label;
  std::uint32_t WindowFigures::*value;
};
constexpr std::array<Figure, 3> kFigures = {{{"all", &WindowFigures::calls},
                                             {"failed", &WindowFigures::failures},
                                             {"slow", &WindowFigures::slow}}};

MetricFamily gauge(const char* name, const char* help) {
  return {.name = name, .help = help, .kind = MetricKind::gauge};
}

MetricFamily states(const std::vector<NamedBreaker>& breakers) {
  MetricFamily family = gauge("vx11_circuit_state", "1 for the state a circuit breaker is in.");
  for (const NamedBreaker& named : breakers) {
    for (const auto state : {CircuitState::closed, CircuitState::open, CircuitState::half_open}) {
      family.series.push_back(
          {.labels = {{"breaker", named.name}, {"state", std::string(to_string(state))}},
           .value = [breaker = named.breaker, state]() -> std::uint64_t {
             return breaker->state() == state ? 1 : 0;
           }});
    }
  }
  return family;
}

MetricFamily modes(const std::vector<NamedBreaker>& breakers) {
  constexpr std::array kModes = {CircuitMode::automatic, CircuitMode::isolated,
                                 CircuitMode::forced_closed, CircuitMode::disabled,
                                 CircuitMode::metrics_only};
  MetricFamily family = gauge("vx11_circuit_mode", "1 for the mode a circuit breaker is in.");
  for (const NamedBreaker& named : breakers) {
    for (const CircuitMode mode : kModes) {
      family.series.push_back(
          {.labels = {{"breaker", named.name}, {"mode", std::string(to_string(mode))}},
           .value = [breaker = named.breaker, mode]() -> std::uint64_t {
             return breaker->mode() == mode ? 1 : 0;
           }});
    }
  }
  return family;
}

MetricFamily failures(const std::vector<NamedBreaker>& breakers) {
  MetricFamily family = gauge("vx11_circuit_failures", "Failures in a row.");
  for (const NamedBreaker& named : breakers) {
    family.series.push_back(
        {.labels = {{"breaker", named.name}},
         .value = [breaker = named.breaker] { return breaker->snapshot().failures; }});
  }
  return family;
}

double age_of_failure(const CircuitBreaker& breaker, const SteadyClock& clock) {
  const auto failed_at = breaker.snapshot().last_failure;
  if (!failed_at) return std::numeric_limits<double>::quiet_NaN();
  const auto age = std::chrono::floor<std::chrono::seconds>(clock.now() - *failed_at);
  return static_cast<double>(age.count());
}

MetricFamily ages(const std::vector<NamedBreaker>& breakers, const SteadyClock& clock) {
  MetricFamily family = gauge("vx11_circuit_seconds_since_failure",
                              "Age of the newest failure; absent while there was none.");
  for (const NamedBreaker& named : breakers) {
    family.series.push_back(
        {.labels = {{"breaker", named.name}},
         .real = [breaker = named.breaker, clock] { return age_of_failure(*breaker, clock); }});
  }
  return family;
}

MetricFamily windows(const std::vector<NamedBreaker>& breakers) {
  MetricFamily family =
      gauge("vx11_circuit_window_calls", "Calls in the window of a circuit breaker that has one.");
  for (const NamedBreaker& named : breakers) {
    for (const Figure& figure : kFigures) {
      family.series.push_back({.labels = {{"breaker", named.name}, {"calls", figure.label}},
                               .value = [breaker = named.breaker, value = figure.value] {
                                 return breaker->snapshot().window.*value;
                               }});
    }
  }
  return family;
}

}  // namespace

BreakerMetrics::BreakerMetrics(std::vector<NamedBreaker> breakers, const BreakerMetrics* earlier)
    : shown_(std::move(breakers)) {
  if (earlier != nullptr) all_ = earlier->all_;
  for (const NamedBreaker& named : shown_) {
    Counted& counted = all_[named.name];
    if (counted.breaker != nullptr && counted.breaker != named.breaker) {
      const CircuitSnapshot last = counted.breaker->snapshot();
      for (const Total& total : kTotals) counted.before.*total.value += last.totals.*total.value;
      counted.transitions_before += last.generation;
    }
    counted.breaker = named.breaker;
  }
}

std::vector<MetricFamily> BreakerMetrics::families(const SteadyClock& clock) const {
  MetricFamily transitions{.name = "vx11_circuit_transitions_total",
                           .help = "Changes of the state or mode of a circuit breaker."};
  for (const NamedBreaker& named : shown_) {
    const Counted& counted = all_.find(named.name)->second;
    transitions.series.push_back(
        {.labels = {{"breaker", named.name}},
         .value = [breaker = named.breaker, before = counted.transitions_before] {
           return before + breaker->snapshot().generation;
         }});
  }
  std::vector<MetricFamily> families = {states(shown_),   modes(shown_),
                                        failures(shown_), ages(shown_, clock),
                                        windows(shown_),  std::move(transitions)};
  for (const Total& total : kTotals) {
    MetricFamily family{.name = total.name, .help = total.help};
    for (const NamedBreaker& named : shown_) {
      const std::uint64_t before = all_.find(named.name)->second.before.*total.value;
      family.series.push_back({.labels = {{"breaker", named.name}},
                               .value = [breaker = named.breaker, before, value = total.value] {
                                 return before + breaker->snapshot().totals.*value;
                               }});
    }
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace v0
}  // namespace vx11
