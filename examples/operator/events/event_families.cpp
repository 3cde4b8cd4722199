#include "operator/events/event_families.hpp"

#include <vx11/headers.hpp>

#include <algorithm>
#include <array>

namespace backend {

namespace {

/// What stands before the first dot of a type.
constexpr std::array<std::string_view, 12> kReserved = {"audit",   "breaker", "chat",   "component",
                                                        "gateway", "login",   "logout", "objective",
                                                        "power",   "service", "slo",    "watcher"};

}  // namespace

bool is_reserved_event(std::string_view type) noexcept {
  const std::string_view family = type.substr(0, type.find('.'));
  return std::any_of(kReserved.begin(), kReserved.end(), [family](std::string_view reserved) {
    return vx11::equals_ignoring_case(family, reserved);
  });
}

}  // namespace backend
