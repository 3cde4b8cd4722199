#include "models.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace gateway {

namespace {

using vx11::Result;

vx11::Error bad_alias(std::string_view alias, std::string_view why) {
  return vx11::Error(vx11::Errc::invalid_argument,
                     fmt::format("completions.aliases: \"{}\" {}", alias, why));
}

Result<void> add_alias(Models& models, const std::string& alias) {
  const std::size_t sign = alias.find('=');
  if (sign == 0 || sign == std::string::npos) {
    return vx11::fail(bad_alias(alias, "is not NAME=MODEL, such as \"gpt-4o=vx11\""));
  }
  const auto model = models.find(alias.substr(sign + 1));
  if (model == models.end()) {
    return vx11::fail(bad_alias(
        alias, "names no model; there are vx11, and vx11/NAME for each target and route"));
  }
  models[alias.substr(0, sign)] = model->second;
  return {};
}

}  // namespace

Result<Models> make_models(
    const std::vector<std::string>& aliases, const vx11::Router& chain,
    const std::vector<NamedChain>& others,
    const std::function<Result<vx11::Router>(std::vector<vx11::RouterTarget>)>& router_over) {
  Models models;
  models["vx11"] = std::make_shared<const vx11::Router>(chain);
  for (const NamedChain& other : others) {
    auto router = router_over(other.targets);
    if (!router) return vx11::fail(std::move(router.error()));
    models["vx11/" + other.name] = std::make_shared<const vx11::Router>(*std::move(router));
  }
  for (const std::string& alias : aliases) {
    if (auto added = add_alias(models, alias); !added) return vx11::fail(std::move(added.error()));
  }
  return models;
}

}  // namespace gateway
