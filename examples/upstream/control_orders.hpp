#pragma once

#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "faults.hpp"
#include "settings.hpp"

namespace upstream {

/// An invalid control request; what() names the invalid member.
struct BadOrder : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Parses a JSON object. Throws BadOrder.
nlohmann::json parse_order(const std::string& body);

/// The fault described by an order; the caller reads "service".
Fault read_fault(const nlohmann::json& order);
nlohmann::json fault_json(const Fault& fault);

/// Applies all members of the order; throws BadOrder and applies none if one is invalid.
void apply_settings(const nlohmann::json& order, Settings& settings);
nlohmann::json settings_json(const Settings& settings);

}  // namespace upstream
