#include "gateway/checks/config_targets.hpp"

#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>
#include <vx11/dialect/openai.hpp>
#include <vx11/dialect/openai_embeddings.hpp>
#include <vx11/net/transport.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/checks/config_routes.hpp"
#include "gateway/checks/config_secrets.hpp"
#include "gateway/checks/models.hpp"
#include "gateway/files/file_text.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

std::string extra_of(const TargetConfig& target) {
  return target.extra_json.empty() ? "{}" : target.extra_json;
}

/// The path of the URL, or else that of the API, with the query.
std::string base_path_of(const TargetConfig& target, std::string_view own) {
  const TargetUrl& url = target.url;
  std::string path = url.path.empty() ? std::string(own) : url.path;
  return url.query.empty() ? path : std::move(path) + '?' + url.query;
}

bool is_of_vx11(DialectKind dialect) {
  return dialect == DialectKind::switch_ || dialect == DialectKind::madre;
}

/// Settings that the target's API has no place for.
void warn_of_no_effect(LoadedConfig& loaded, const std::string& key, const TargetConfig& target) {
  std::vector<std::string_view> names;
  if (is_of_vx11(target.dialect))
    names = {"model", "system_prompt", "history_tokens", "extra_json"};
  if (target.dialect != DialectKind::anthropic) {
    names.insert(names.end(), {"max_tokens", "anthropic_version"});
  }
  for (const std::string_view name : names) {
    const std::string setting = fmt::format("{}.{}", key, name);
    if (loaded.origin(setting).source == Origin::Source::standard) continue;
    loaded.warnings.push_back(fmt::format("{}: has no effect with dialect = {}; delete it",
                                          place_of(loaded, setting), print(target.dialect)));
  }
}

void warn_of_no_key(LoadedConfig& loaded, const std::string& key, const TargetConfig& target) {
  if (target.key_header.value.empty() || !target.key_file.value.empty()) return;
  loaded.warnings.push_back(
      fmt::format("{}: has no effect without key_file; write that, or delete it",
                  place_of(loaded, key + ".key_header")));
}

void check_dialect(LoadedConfig& loaded, const std::string& key, const TargetConfig& target) {
  if (is_of_vx11(target.dialect) && !(target.url.path + target.url.query).empty()) {
    complain(loaded, key + ".url",
             "has a path or a query; the URLs of switch and madre have none, leave it out");
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

void check_readable(LoadedConfig& loaded, const std::string& key, const std::string& path) {
  if (path.empty()) return;
  if (const auto text = file_text(path); !text) {
    complain(loaded, key, unreadable(path, text.error()), Mistake::Kind::machine);
  }
}

/// Whether the files for https, which can be read, are what they should be.
void check_tls_content(LoadedConfig& loaded, const std::string& key, const UpstreamTlsConfig& tls) {
  const auto check = [&](const char* setting, const vx11::NetTransportOptions& options) {
    const auto valid = vx11::validate(options);
    if (!valid) complain(loaded, key + setting, valid.error().detail, Mistake::Kind::machine);
  };
  const std::string& certificate = tls.certificate_file.value;
  const std::string& key_file = tls.certificate_key_file.value;
  if (!tls.ca_file.value.empty()) check(".ca_file", {.ca_file = tls.ca_file.value});
  if (certificate.empty() || key_file.empty()) return;
  check(".certificate_file", {.certificate_file = certificate, .key_file = key_file});
}

/// They are the words of the file, unlike the content of other files.
void check_pins(LoadedConfig& loaded, const std::string& key, const UpstreamTlsConfig& tls) {
  if (tls.pins.empty()) return;
  const auto valid = vx11::validate(vx11::NetTransportOptions{.pins = tls.pins});
  if (!valid) complain(loaded, key + ".pins", valid.error().detail);
}

/// Settings for https have no effect on a URL of http.
void warn_of_http(LoadedConfig& loaded, const std::string& key, const UpstreamTlsConfig& tls,
                  std::string_view origin) {
  if (!origin.starts_with("http://")) return;
  const std::pair<const char*, bool> settings[] = {
      {"ca_file", !tls.ca_file.value.empty()},
      {"certificate_file", !tls.certificate_file.value.empty()},
      {"certificate_key_file", !tls.certificate_key_file.value.empty()},
      {"pins", !tls.pins.empty()}};
  for (const auto& [name, is_set] : settings) {
    const std::string setting = fmt::format("{}.{}", key, name);
    if (!is_set && !is_mistaken(loaded, setting)) continue;
    loaded.warnings.push_back(
        fmt::format("{}: has no effect with http; write https in url, or delete it",
                    place_of(loaded, setting)));
  }
}

void check_tls_pair(LoadedConfig& loaded, const std::string& key, const UpstreamTlsConfig& tls) {
  const std::string certificate = key + ".certificate_file";
  const std::string key_file = key + ".certificate_key_file";
  const bool has_certificate = !tls.certificate_file.value.empty();
  const bool has_key = !tls.certificate_key_file.value.empty();
  if (has_certificate && !has_key && !is_mistaken(loaded, key_file)) {
    complain(loaded, certificate, "has no key; write certificate_key_file = \"PATH\"");
  } else if (has_key && !has_certificate && !is_mistaken(loaded, certificate)) {
    complain(loaded, key_file, "has no certificate; write certificate_file = \"PATH\"");
  }
}

bool has_mistaken_file(const LoadedConfig& loaded, const std::string& key) {
  return is_mistaken(loaded, key + ".ca_file") || is_mistaken(loaded, key + ".certificate_file") ||
         is_mistaken(loaded, key + ".certificate_key_file");
}

void check_tls(LoadedConfig& loaded, const std::string& key, const UpstreamTlsConfig& tls,
               std::string_view origin) {
  warn_of_http(loaded, key, tls, origin);
  check_readable(loaded, key + ".ca_file", tls.ca_file.value);
  check_readable(loaded, key + ".certificate_file", tls.certificate_file.value);
  check_readable(loaded, key + ".certificate_key_file", tls.certificate_key_file.value);
  check_tls_pair(loaded, key, tls);
  check_pins(loaded, key, tls);
  if (!has_mistaken_file(loaded, key)) check_tls_content(loaded, key, tls);
}

void settle_target(LoadedConfig& loaded, const std::string& name, TargetConfig& target) {
  const std::string key = "targets." + name;
  take_from_file(loaded, key + ".key", target.key, target.key_file);
  warn_of_no_key(loaded, key, target);
  check_tls(loaded, key, target.tls, target.url.origin);
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

/// The models that `make_models` will make.
std::set<std::string, std::less<>> model_names(const GatewayConfig& config) {
  std::set<std::string, std::less<>> names = {"vx11"};
  for (const std::string& name : default_chain(config)) names.insert("vx11/" + name);
  for (const auto& [name, target] : config.targets) names.insert("vx11/" + name);
  for (const auto& [name, group] : config.groups) names.insert("vx11/" + name);
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

}  // namespace

vx11::Result<std::shared_ptr<const vx11::ChatDialect>> make_dialect(const TargetConfig& target) {
  switch (target.dialect) {
    case DialectKind::none:
      return vx11::fail(vx11::Errc::invalid_argument, "no dialect");
    case DialectKind::openai:
      return vx11::openai_dialect({.base_path = base_path_of(target, "/v1"),
                                   .model = target.model,
                                   .system_prompt = target.system_prompt,
                                   .history_tokens = target.history_tokens,
                                   .extra_json = extra_of(target)});
    case DialectKind::ollama:
      return vx11::ollama_dialect({.base_path = base_path_of(target, "/"),
                                   .model = target.model,
                                   .system_prompt = target.system_prompt,
                                   .history_tokens = target.history_tokens,
                                   .extra_json = extra_of(target)});
    case DialectKind::anthropic:
      return vx11::anthropic_dialect({.base_path = base_path_of(target, "/v1"),
                                      .model = target.model,
                                      .version = target.anthropic_version,
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
  return vx11::openai_embeddings_dialect(
             {.base_path = base_path_of(target, "/v1"), .model = target.model})
      .value_or(nullptr);
}

void settle_targets(LoadedConfig& loaded) {
  check_tls(loaded, "switch", loaded.config.switch_.tls, loaded.config.switch_.url.value);
  check_tls(loaded, "madre", loaded.config.madre.tls, loaded.config.madre.url.value);
  const UpstreamConfig& hormiguero = loaded.config.hormiguero;
  check_tls(loaded, "hormiguero", hormiguero.tls, hormiguero.url.value);
  for (auto& [name, target] : loaded.config.targets) settle_target(loaded, name, target);
  settle_routes(loaded);
  check_aliases(loaded);
}

}  // namespace gateway
