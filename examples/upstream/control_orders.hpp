#pragma once

#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "faults.hpp"
#include "settings.hpp"

namespace upstream {

/// A control call that cannot be obeyed; what() names the member that is wrong.
struct BadOrder : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A JSON object, or BadOrder.
nlohmann::json parse_order(const std::string& body);

/// The fault an order describes; its "service" is read by the caller.
Fault read_fault(const nlohmann::json& order);
nlohmann::json fault_json(const Fault& fault);

/// Applies every member of the order, or none of them.
void apply_settings(const nlohmann::json& order, Settings& settings);
nlohmann::json settings_json(const Settings& settings);

}  // namespace upstream
