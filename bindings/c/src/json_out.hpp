#pragma once

/// \file
/// Converts the library's values to the JSON text that the C interface returns.

#include <vx11/circuit_breaker.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/session.hpp>

#include <optional>
#include <string>
#include <vector>

namespace vx11::c {

std::string to_json(const Error& error);
std::string to_json(const ChatFailure& failure);
std::string to_json(const ChatReply& reply);
std::string to_json(const CircuitSnapshot& snapshot);
std::string to_json(const PowerState& state);
std::string to_json(const MadreReply& reply);
std::string to_json(const HealthReport& report);
std::string to_json(const std::vector<Message>& messages);
std::string to_json(const std::optional<Session>& session);

}  // namespace vx11::c
