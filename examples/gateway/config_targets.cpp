#include "config_targets.hpp"

#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>
#include <vx11/dialect/openai.hpp>
#include <vx11/dialect/openai_embeddings.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config_secrets.hpp"
#include "file_text.hpp"
#include "models.hpp"
#include "spelling.hpp"
#include "values.hpp"

namespace gateway {

namespace {

std::string extra_of(const TargetConfig& target) {
  return target.extra_json.empty() ? "{}" : target.extra_json;
}

bool is_of_vx11(DialectKind dialect) {
  return dialect == DialectKind::switch_ || dialect == DialectKind::madre;
}

/// Settings that the target's API has no place for.
void warn_of_no_effect(LoadedConfig& loaded, const std::string& key, const TargetConfig& target) {
  std::vector<std::string_view> names;
  if (is_of_vx11(target.dialect))
    names = {"model", "system_prompt", "history_tokens", "extra_json"};
  if (target.dialect != DialectKind::anthropic) names.emplace_back("max_tokens");
  for (const std::string_view name : names) {
    const std::string setting = fmt::format("{}.{}", key, name);
    if (loaded.origin(setting).source == Origin::Source::standard) continue;
    loaded.warnings.push_back(fmt::format("{}: has no effect with dialect = {}; delete it",
                                          place_of(loaded, setting), print(target.dialect)));
  }
}

void check_dialect(LoadedConfig& loaded, const std::string& key, const TargetConfig& target) {
  if (is_of_vx11(target.dialect) && !target.url.path.empty()) {
    complain(loaded, key + ".url",
             "has a path; the URLs of switch and madre have none, leave it out");
  }
  const bool needs_model =
      target.dialect == DialectKind::ollama || target.dialect == DialectKind::anthropic;
  warn_of_no_effect(loaded, key, target);
  if (needs_model && target.model.empty()) {
    complain(loaded, key,
             fmt::format("has no model, which {} requires; write model = \"NAME\"",
                         print(target.dialect)));
  }
  if (const auto dialect = make_dialect(target); !dialect) {
    complain(loaded, key + ".extra_json", dialect.error().detail);
  }
}

/// Whether a value of this table is a mistake already, so that it seems not given.
bool is_mistaken(const LoadedConfig& loaded, const std::string& key) {
  return std::any_of(loaded.mistakes.begin(), loaded.mistakes.end(),
                     [&](const Mistake& mistake) { return mistake.key == key; });
}

void settle_target(LoadedConfig& loaded, const std::string& name, TargetConfig& target) {
  const std::string key = "targets." + name;
  take_from_file(loaded, key + ".key", target.key, target.key_file);
  if (const std::string& path = target.ca_file.value; !path.empty()) {
    if (const auto text = file_text(path); !text) {
      complain(loaded, key + ".ca_file",
               fmt::format("{} cannot be read: {}", in_quotes(path), text.error().message()),
               Mistake::Kind::machine);
    }
  }
  if (target.url.origin.empty() && !is_mistaken(loaded, key + ".url")) {
    complain(loaded, key, fmt::format("has no url; write url = \"http://host:port\""));
  }
  if (target.dialect != DialectKind::none) {
    check_dialect(loaded, key, target);
  } else if (!is_mistaken(loaded, key + ".dialect")) {
    complain(loaded, key,
             fmt::format("has no dialect; write dialect = {}", wanted(target.dialect).example));
  }
}

std::vector<std::string_view> known_targets(const GatewayConfig& config) {
  std::vector<std::string_view> known = {"madre"};
  if (config.has_switch()) known.emplace_back("switch");
  for (const auto& [name, target] : config.targets) known.emplace_back(name);
  return known;
}

void check_route(LoadedConfig& loaded, const std::string& name, const RouteConfig& route) {
  const std::string key = fmt::format("routes.{}", name);
  const auto known = known_targets(loaded.config);
  if (loaded.config.targets.contains(name)) {
    complain(loaded, key, "is the name of a target, too; take another one");
  }
  if (route.targets.empty() && !is_mistaken(loaded, key + ".targets")) {
    complain(loaded, key, "has no targets; write targets = [\"NAME\"]");
  }
  std::vector<std::string> seen;
  for (const std::string& target : route.targets) {
    if (std::find(known.begin(), known.end(), target) == known.end()) {
      const bool is_switch = target == "switch";
      complain(loaded, key + ".targets",
               fmt::format("{} is no target{}{}", in_quotes(target),
                           is_switch ? "; set switch.url" : "; write a table [targets.NAME]",
                           is_switch ? "" : did_you_mean(target, known)));
    } else if (std::find(seen.begin(), seen.end(), target) != seen.end()) {
      complain(loaded, key + ".targets", fmt::format("{} is listed twice", in_quotes(target)));
    }
    seen.push_back(target);
  }
}

void check_chat_route(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  const std::string& route = config.chat.route;
  if (route.empty()) {
    if (config.routes.empty()) return;
    loaded.warnings.emplace_back(
        "chat.route is not set: /operator/chat/ask asks switch and madre, not a route");
    return;
  }
  if (config.routes.contains(route)) return;
  std::vector<std::string_view> known;
  for (const auto& [name, targets] : config.routes) known.emplace_back(name);
  complain(loaded, "chat.route",
           fmt::format("{} is no route; write a table [routes.NAME]{}", in_quotes(route),
                       did_you_mean(route, known)));
}

/// The models that `make_models` will make.
std::set<std::string, std::less<>> model_names(const GatewayConfig& config) {
  std::set<std::string, std::less<>> names = {"vx11"};
  for (const std::string& name : default_chain(config)) names.insert("vx11/" + name);
  for (const auto& [name, target] : config.targets) names.insert("vx11/" + name);
  for (const auto& [name, route] : config.routes) names.insert("vx11/" + name);
  return names;
}

void check_aliases(LoadedConfig& loaded) {
  auto names = model_names(loaded.config);
  const auto exists = [&](std::string_view name) { return names.contains(name); };
  for (const std::string& alias : loaded.config.completions.aliases) {
    if (std::string mistake = mistake_of_alias(alias, exists); !mistake.empty()) {
      complain(loaded, "completions.aliases", std::move(mistake));
    }
    names.insert(alias.substr(0, alias.find('=')));
  }
}

void warn_of_unused(LoadedConfig& loaded) {
  for (const auto& [name, target] : loaded.config.targets) {
    const auto& routes = loaded.config.routes;
    const bool is_used = std::any_of(routes.begin(), routes.end(), [&](const auto& route) {
      const auto& targets = route.second.targets;
      return std::find(targets.begin(), targets.end(), name) != targets.end();
    });
    if (is_used) continue;
    loaded.warnings.push_back(fmt::format(
        "{}: no route has this target: only clients that ask for the model vx11/{} reach it",
        place_of(loaded, "targets." + name), name));
  }
}

}  // namespace

vx11::Result<std::shared_ptr<const vx11::ChatDialect>> make_dialect(const TargetConfig& target) {
  const std::string& path = target.url.path;
  switch (target.dialect) {
    case DialectKind::none:
      return vx11::fail(vx11::Errc::invalid_argument, "no dialect");
    case DialectKind::openai:
      return vx11::openai_dialect({.base_path = path.empty() ? "/v1" : path,
                                   .model = target.model,
                                   .system_prompt = target.system_prompt,
                                   .history_tokens = target.history_tokens,
                                   .extra_json = extra_of(target)});
    case DialectKind::ollama:
      return vx11::ollama_dialect({.base_path = path,
                                   .model = target.model,
                                   .system_prompt = target.system_prompt,
                                   .history_tokens = target.history_tokens,
                                   .extra_json = extra_of(target)});
    case DialectKind::anthropic:
      return vx11::anthropic_dialect({.base_path = path.empty() ? "/v1" : path,
                                      .model = target.model,
                                      .max_tokens = target.max_tokens,
                                      .system_prompt = target.system_prompt,
                                      .history_tokens = target.history_tokens,
                                      .extra_json = extra_of(target)});
    case DialectKind::switch_:
      return vx11::switch_dialect();
    case DialectKind::madre:
      return vx11::madre_dialect();
  }
  return vx11::fail(vx11::Errc::invalid_argument, "no dialect");
}

std::shared_ptr<const vx11::ChatDialect> make_embeddings_dialect(const TargetConfig& target) {
  if (target.dialect != DialectKind::openai) return nullptr;
  const std::string& path = target.url.path;
  return vx11::openai_embeddings_dialect(
             {.base_path = path.empty() ? "/v1" : path, .model = target.model})
      .value_or(nullptr);
}

void settle_targets(LoadedConfig& loaded) {
  for (auto& [name, target] : loaded.config.targets) settle_target(loaded, name, target);
  for (const auto& [name, route] : loaded.config.routes) check_route(loaded, name, route);
  check_chat_route(loaded);
  check_aliases(loaded);
  warn_of_unused(loaded);
}

}  // namespace gateway
