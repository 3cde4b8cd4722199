// The defaults that vx11.h shows are those of the library.
//   defaults_test HEADER
#include <vx11/circuit_breaker.hpp>
#include <vx11/dialect/openai.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

/// The header as one line without the asterisks of its comments.
std::string text_of(const char* path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '*'; });
  return text;
}

std::string field(const char* name, std::size_t value) {
  return std::string("\"") + name + "\":" + std::to_string(value);
}
std::string field(const char* name, vx11::Duration value) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
  return field(name, static_cast<std::size_t>(ms));
}

}  // namespace

int main(int, char** arguments) {
  const std::string header = text_of(arguments[1]);
  const vx11::CircuitBreakerOptions breaker;
  const vx11::CountWindow count;
  const vx11::TimeWindow time;
  const vx11::NetTransportOptions transport;
  const vx11::RouterOptions router;
  const vx11::BalancerOptions group;
  const vx11::SessionLimits sessions;
  const vx11::OperatorApiOptions api;
  const std::string shown[] = {
      field("failures_to_open", breaker.failures_to_open),
      field("open_for_ms", breaker.open_for),
      field("probes", breaker.probes),
      field("probe_timeout_ms", breaker.probe_timeout),
      field("size", count.size),
      field("minimum_calls", count.minimum_calls),
      field("span_ms", time.span),
      field("buckets", time.buckets),
      field("after_ms", vx11::SlowCalls().after),
      field("at_most_ms", breaker.growth.at_most),
      field("last_resorts", router.last_resorts),
      field("max_in_flight", vx11::RouterShadow().max_in_flight),
      "\"share\":0.01",
      field("decay_ms", vx11::PeakEwma().decay),
      field("failure_cost_ms", vx11::PeakEwma().failure_cost),
      field("max_targets", vx11::RouterGroup().max_targets),
      field("default_cooldown_ms", group.default_cooldown),
      field("max_cooldown_ms", group.max_cooldown),
      field("slow_start_ms", group.slow_start),
      field("history_tokens", vx11::OpenAiDialectOptions().history_tokens),
      field("between_chunks_timeout_ms", transport.between_chunks_timeout),
      field("connect_timeout_ms", transport.connect_timeout),
      field("max_body_bytes", transport.max_body_bytes),
      field("max_idle", transport.max_idle),
      field("idle_timeout_ms", transport.idle_timeout),
      field("total_timeout_ms", router.total_timeout),
      field("try_timeout_ms", vx11::RouterTarget().try_timeout),
      field("timeout_ms", vx11::PowerOptions().timeout),
      field("timeout_ms", vx11::HealthComponent().timeout),
      field("messages", sessions.messages),
      field("idle_timeout_ms", sessions.idle_timeout),
      field("sessions", sessions.sessions),
      field("max_body_bytes", api.max_body_bytes),
      field("max_message_bytes", api.max_message_bytes),
      "\"primary\":\"" + api.primary + "\"",
  };
  int missing = 0;
  for (const std::string& each : shown) {
    if (header.find(each) != std::string::npos) continue;
    std::cout << "vx11.h does not show the default " << each << '\n';
    ++missing;
  }
  return missing;
}
