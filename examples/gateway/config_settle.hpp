#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Completes values that were parsed one by one: reads secrets from their files, sets defaults that
/// depend on other values or on the machine, and checks values against each other.
void settle(LoadedConfig& loaded, const Environment& environment);

/// Whether other machines that can connect need a credential that they do not know. A part of
/// `settle`, and to be repeated where a listener stays on another address than the configured one.
void check_credentials(LoadedConfig& loaded, const Environment& environment);

/// Complains of what is no origin of a page; `*` is one.
void check_origins(LoadedConfig& loaded, std::string_view key,
                   const std::vector<std::string>& origins);
/// Complains about hosts that no request can name: all of theirs would be refused.
void check_hosts(LoadedConfig& loaded, std::string_view key, const std::vector<std::string>& hosts);

/// The state directory of the XDG Base Directory Specification.
struct StateFolder {
  std::string path = {};
  std::string_view from = {};  ///< The variable that names it.
};
std::optional<StateFolder> state_folder(const Environment& environment);

}  // namespace gateway
