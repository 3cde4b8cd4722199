#pragma once

/// \file
/// What the modules of a VX11 system are, and which speaks to which. Internal.

#include <span>
#include <string_view>

namespace backend {

struct ModuleInfo {
  std::string_view name = {};
  std::string_view label = {};  ///< Empty: the name.
  std::string_view category = "optional";
  std::string_view role = "optional";
  int port = 0;  ///< By default; 0: none is fixed.
};

struct ModuleEdge {
  std::string_view from = {};
  std::string_view to = {};
  std::string_view label = {};
};

/// Of an unknown name: an optional module, such as a target of the gateway.
ModuleInfo module_info(std::string_view name) noexcept;
std::span<const ModuleEdge> module_edges() noexcept;

}  // namespace backend
