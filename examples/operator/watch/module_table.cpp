#include "operator/watch/module_table.hpp"

#include <algorithm>
#include <array>

namespace backend {

namespace {

constexpr std::array<ModuleInfo, 12> kModules = {{
    {"tentaculo_link", "Gateway", "core", "gateway", 8000},
    {"madre", "", "core", "core", 8001},
    {"redis", "", "core", "store", 6379},
    {"switch", "", "optional", "router", 8002},
    {"hermes", "", "optional", "optional", 8003},
    {"hormiguero", "", "optional", "optional", 8004},
    {"mcp", "", "optional", "optional", 8006},
    {"shubniggurath", "", "optional", "optional", 8007},
    {"spawner", "", "optional", "optional", 8008},
    {"manifestator", "", "optional", "optional", 0},
    {"operator-backend", "Backend", "operator", "operator", 8011},
    {"operator-frontend", "Console", "operator", "operator", 0},
}};

constexpr std::array<ModuleEdge, 12> kEdges = {{
    {"operator-frontend", "operator-backend", "API"},
    {"operator-backend", "tentaculo_link", "everything"},
    {"tentaculo_link", "switch", "chat"},
    {"tentaculo_link", "madre", "power and fallback"},
    {"tentaculo_link", "redis", "state"},
    {"switch", "hermes", "models"},
    {"madre", "switch", "power"},
    {"madre", "hormiguero", "power"},
    {"madre", "mcp", "power"},
    {"madre", "shubniggurath", "power"},
    {"madre", "spawner", "power"},
    {"madre", "manifestator", "power"},
}};

}  // namespace

ModuleInfo module_info(std::string_view name) noexcept {
  const auto at = std::find_if(kModules.begin(), kModules.end(),
                               [=](const ModuleInfo& each) { return each.name == name; });
  return at == kModules.end() ? ModuleInfo{name} : *at;
}

std::span<const ModuleEdge> module_edges() noexcept {
  return kEdges;
}

}  // namespace backend
