#include "gateway/checks/models.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gateway/values/shown_text.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

using vx11::Result;

Result<void> add_alias(Models& models, const std::string& alias) {
  const auto exists = [&](std::string_view name) { return models.contains(name); };
  if (std::string mistake = mistake_of_alias(alias, exists); !mistake.empty()) {
    return vx11::fail(vx11::Errc::invalid_argument, "completions.aliases: " + mistake);
  }
  const std::size_t sign = alias.find('=');
  models[alias.substr(0, sign)] = models[alias.substr(sign + 1)];
  return {};
}

/// Without one that may be a key file's text.
std::string shown_alias(std::string_view alias) {
  constexpr std::size_t kLongest = 80;
  const bool is_shown = alias.size() <= kLongest && alias.find('\n') == std::string_view::npos;
  return in_quotes(is_shown ? alias : "***");
}

}  // namespace

std::string mistake_of_alias(std::string_view alias,
                             const std::function<bool(std::string_view)>& exists) {
  const std::size_t sign = alias.find('=');
  if (sign == 0 || sign == std::string_view::npos || alias.ends_with('=')) {
    return fmt::format("{} is not NAME=MODEL, such as \"gpt-4o=vx11\"", shown_name(alias));
  }
  if (!exists(alias.substr(sign + 1))) {
    return fmt::format(
        "{} names no model; there are vx11, and vx11/NAME for each target, group and route",
        shown_alias(alias));
  }
  if (!exists(alias.substr(0, sign))) return {};
  return fmt::format("{} replaces a model or alias of that name; take another name",
                     shown_alias(alias));
}

Result<Models> make_models(const std::vector<std::string>& aliases, const vx11::Router& chain,
                           const std::vector<NamedRouter>& others) {
  Models models;
  models["vx11"] = std::make_shared<const vx11::Router>(chain);
  for (const NamedRouter& other : others) {
    models["vx11/" + other.name] = std::make_shared<const vx11::Router>(other.router);
  }
  for (const std::string& alias : aliases) {
    if (auto added = add_alias(models, alias); !added) return vx11::fail(std::move(added.error()));
  }
  return models;
}

Models make_embeddings(const std::vector<std::string>& aliases,
                       const std::vector<NamedRouter>& routers) {
  Models models;
  for (const NamedRouter& each : routers) {
    models[each.name] = std::make_shared<const vx11::Router>(each.router);
  }
  for (const std::string& alias : aliases) {
    const std::size_t sign = alias.find('=');
    const auto named = models.find(alias.substr(sign + 1));
    if (named != models.end()) models[alias.substr(0, sign)] = named->second;
  }
  return models;
}

}  // namespace gateway
