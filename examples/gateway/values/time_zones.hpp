#pragma once

/// \file
/// Time zones by name, where the gateway was built with them.

#include <vx11/result.hpp>
#include <vx11/time_zone.hpp>

#include <string>

namespace gateway {

/// \return `invalid_argument`, saying what to write; without the library only UTC is known
vx11::Result<vx11::TimeZone> find_time_zone(const std::string& name);

}  // namespace gateway
