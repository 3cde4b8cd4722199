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
using prometheus::label;
using prometheus::line;

std::uint64_t value_of(const std::atomic<std::uint64_t>& counter) noexcept {
  return counter.load(std::memory_order_relaxed);
}

void add(std::atomic<std::uint64_t>& counter) noexcept {
  counter.fetch_add(1, std::memory_order_relaxed);
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

Metrics::Metrics(std::vector<std::string> targets, const Metrics* earlier)
    : shared_(earlier != nullptr ? earlier->shared_ : std::make_shared<Shared>()),
      targets_(std::move(targets)),
      all_(earlier != nullptr ? earlier->all_ : Targets()) {
  for (const std::string& target : targets_) attempts_.push_back(&counters_of(target));
}

Metrics::ByTarget& Metrics::counters_of(const std::string& target) {
  std::shared_ptr<ByTarget>& counters = all_[target];
  if (counters == nullptr) counters = std::make_shared<ByTarget>();
  return *counters;
}

void Metrics::answered(Endpoint endpoint, int status, Duration took) noexcept {
  ByEndpoint& counters = shared_->endpoints[static_cast<std::size_t>(endpoint)];
  add(counters.classes[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)]);
  counters.durations.count(took);
}

void Metrics::attempted(std::span<const Attempt> attempts) noexcept {
  for (const Attempt& attempt : attempts) {
    const auto at = std::find(targets_.begin(), targets_.end(), attempt.target);
    if (at == targets_.end()) continue;
    ByTarget& counters = *attempts_[static_cast<std::size_t>(at - targets_.begin())];
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
  shared_->streams.write(out);
  write_breakers(out, breakers, now);
  head(out, "vx11_session_store_failures_total", "counter",
       "Sessions that could not be read or written.");
  line(out, "vx11_session_store_failures_total {}", value_of(shared_->sessions_lost));
  return out;
}

void Metrics::write_requests(std::string& out) const {
  head(out, "vx11_requests_total", "counter", "Requests answered, by endpoint and status class.");
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      line(out, R"(vx11_requests_total{{endpoint="{}",status="{}xx"}} {})",
           to_string(static_cast<Endpoint>(i)), c + 1, value_of(shared_->endpoints[i].classes[c]));
    }
  }
}

void Metrics::write_durations(std::string& out) const {
  constexpr std::string_view kName = "vx11_request_duration_seconds";
  head(out, kName, "histogram", "Time from the head of a request to its answer.");
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    const std::string_view endpoint = to_string(static_cast<Endpoint>(i));
    const auto& durations = shared_->endpoints[i].durations;
    durations.write(out, kName, fmt::format(R"(endpoint="{}")", endpoint));
  }
}

void Metrics::write_attempts(std::string& out) const {
  head(out, "vx11_chat_attempts_total", "counter", "Attempts at each chat target, by outcome.");
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    for (std::size_t o = 0; o < kOutcomes; ++o) {
      line(out, R"(vx11_chat_attempts_total{{target="{}",outcome="{}"}} {})", label(targets_[i]),
           to_string(static_cast<Outcome>(o)), value_of(attempts_[i]->outcomes[o]));
    }
  }
}

}  // namespace v0
}  // namespace vx11
