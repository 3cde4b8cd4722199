#pragma once

/// \file
/// Variables of the environment that look like settings and are none.

#include <span>
#include <string>
#include <vector>

#include "gateway/settings/settings.hpp"

namespace gateway {

/// The names in this process's environment that begin with `VX11_`, in alphabetical order.
std::vector<std::string> process_variables();

/// One warning for each of `names` that no setting reads, with the nearest that exists. Left out
/// are those that begin as another program's do: VX11_OPERATOR_ for vx11-gateway, all others for
/// vx11-operator.
std::vector<std::string> warn_of_unknown(std::span<const std::string> names,
                                         const SettingsTable& settings = gateway_settings());

}  // namespace gateway
