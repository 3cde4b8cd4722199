#include "operator/metrics.hpp"

#include <vx11/version.hpp>

#include <algorithm>
#include <chrono>

#include "http/prometheus_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using endpoints::Endpoint;
using endpoints::kEndpoints;
using prometheus::head;
using prometheus::line;

struct Bound {
  std::int64_t nanoseconds;
  std::string_view seconds;
};
/// From a request that calls no upstream to the longest chat.
constexpr std::array<Bound, 15> kBounds = {{{100'000, "0.0001"},
                                            {250'000, "0.00025"},
                                            {500'000, "0.0005"},
                                            {1'000'000, "0.001"},
                                            {2'500'000, "0.0025"},
                                            {5'000'000, "0.005"},
                                            {10'000'000, "0.01"},
                                            {25'000'000, "0.025"},
                                            {50'000'000, "0.05"},
                                            {100'000'000, "0.1"},
                                            {500'000'000, "0.5"},
                                            {1'000'000'000, "1"},
                                            {2'500'000'000, "2.5"},
                                            {10'000'000'000, "10"},
                                            {30'000'000'000, "30"}}};

std::uint64_t value_of(const std::atomic<std::uint64_t>& counter) noexcept {
  return counter.load(std::memory_order_relaxed);
}

void add(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) noexcept {
  counter.fetch_add(by, std::memory_order_relaxed);
}

/// Escapes a label's value.
std::string label(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  return out;
}

void write_breakers(std::string& out, std::span<const NamedBreaker> breakers, TimePoint now) {
  head(out, "vx11_circuit_state", "gauge", "1 for the state a circuit breaker is in.");
  for (const NamedBreaker& named : breakers) {
    const CircuitState current = named.breaker->state();
    for (const auto state : {CircuitState::closed, CircuitState::open, CircuitState::half_open}) {
      line(out, R"(vx11_circuit_state{{breaker="{}",state="{}"}} {})", label(named.name),
           to_string(state), state == current ? 1 : 0);
    }
  }
  head(out, "vx11_circuit_failures", "gauge", "Failures in a row.");
  for (const NamedBreaker& named : breakers) {
    line(out, R"(vx11_circuit_failures{{breaker="{}"}} {})", label(named.name),
         named.breaker->snapshot().failures);
  }
  head(out, "vx11_circuit_seconds_since_failure", "gauge",
       "Age of the newest failure; absent while there was none.");
  for (const NamedBreaker& named : breakers) {
    const auto failed_at = named.breaker->snapshot().last_failure;
    if (!failed_at) continue;
    const auto age = std::chrono::floor<std::chrono::seconds>(now - *failed_at);
    line(out, R"(vx11_circuit_seconds_since_failure{{breaker="{}"}} {})", label(named.name),
         age.count());
  }
}

}  // namespace

Metrics::Metrics(std::vector<std::string> targets)
    : targets_(std::move(targets)), attempts_(targets_.size()) {
  static_assert(kBuckets == kBounds.size() + 1);
}

void Metrics::answered(Endpoint endpoint, int status, Duration took) noexcept {
  ByEndpoint& counters = endpoints_[static_cast<std::size_t>(endpoint)];
  const auto nanoseconds = std::max(took, Duration::zero()).count();
  const auto* const bucket = std::find_if(kBounds.begin(), kBounds.end(), [=](const Bound& bound) {
    return nanoseconds <= bound.nanoseconds;
  });
  add(counters.classes[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)]);
  add(counters.buckets[static_cast<std::size_t>(bucket - kBounds.begin())]);
  add(counters.nanoseconds, static_cast<std::uint64_t>(nanoseconds));
}

void Metrics::attempted(std::span<const Attempt> attempts) noexcept {
  for (const Attempt& attempt : attempts) {
    const auto at = std::find(targets_.begin(), targets_.end(), attempt.target);
    if (at == targets_.end()) continue;
    ByTarget& counters = attempts_[static_cast<std::size_t>(at - targets_.begin())];
    add(counters.outcomes[static_cast<std::size_t>(attempt.outcome)]);
  }
}

std::string Metrics::text(std::span<const NamedBreaker> breakers, TimePoint now) const {
  std::string out;
  out.reserve(32'768);
  head(out, "vx11_build_info", "gauge", "The version that runs.");
  line(out, R"(vx11_build_info{{version="{}"}} 1)", VX11_VERSION_STRING);
  write_requests(out);
  write_durations(out);
  write_attempts(out);
  streams_.write(out);
  write_breakers(out, breakers, now);
  head(out, "vx11_session_store_failures_total", "counter",
       "Sessions that could not be read or written.");
  line(out, "vx11_session_store_failures_total {}", value_of(sessions_lost_));
  return out;
}

void Metrics::write_requests(std::string& out) const {
  head(out, "vx11_requests_total", "counter", "Requests answered, by endpoint and status class.");
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      line(out, R"(vx11_requests_total{{endpoint="{}",status="{}xx"}} {})",
           to_string(static_cast<Endpoint>(i)), c + 1, value_of(endpoints_[i].classes[c]));
    }
  }
}

void Metrics::write_durations(std::string& out) const {
  constexpr std::string_view kName = "vx11_request_duration_seconds";
  head(out, kName, "histogram", "Time from the head of a request to its answer.");
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    const std::string_view endpoint = to_string(static_cast<Endpoint>(i));
    const ByEndpoint& counters = endpoints_[i];
    std::uint64_t count = 0;
    for (std::size_t b = 0; b < kBuckets; ++b) {
      count += value_of(counters.buckets[b]);
      line(out, R"({}_bucket{{endpoint="{}",le="{}"}} {})", kName, endpoint,
           b < kBounds.size() ? kBounds[b].seconds : "+Inf", count);
    }
    const std::uint64_t sum = value_of(counters.nanoseconds);
    line(out, R"({}_sum{{endpoint="{}"}} {}.{:09})", kName, endpoint, sum / 1'000'000'000,
         sum % 1'000'000'000);
    line(out, R"({}_count{{endpoint="{}"}} {})", kName, endpoint, count);
  }
}

void Metrics::write_attempts(std::string& out) const {
  head(out, "vx11_chat_attempts_total", "counter", "What came of asking each chat target.");
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    for (std::size_t o = 0; o < kOutcomes; ++o) {
      line(out, R"(vx11_chat_attempts_total{{target="{}",outcome="{}"}} {})", label(targets_[i]),
           to_string(static_cast<Outcome>(o)), value_of(attempts_[i].outcomes[o]));
    }
  }
}

}  // namespace v0
}  // namespace vx11
