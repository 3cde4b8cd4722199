#include "gateway/chat_labels.hpp"

#include <vx11/url.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

/// Hosts end in the first, by the values that the semantic conventions list.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kProviders = {{
    {"api.openai.com", "openai"},
    {".openai.azure.com", "azure.ai.openai"},
    {".services.ai.azure.com", "azure.ai.inference"},
    {"api.mistral.ai", "mistral_ai"},
    {"api.x.ai", "x_ai"},
    {"api.groq.com", "groq"},
    {"api.deepseek.com", "deepseek"},
    {"api.perplexity.ai", "perplexity"},
    {"generativelanguage.googleapis.com", "gcp.gemini"},
}};

}  // namespace

std::string provider_of(const TargetConfig& target) {
  if (const auto url = vx11::Url::parse(target.url.origin)) {
    for (const auto& [host, provider] : kProviders) {
      if (std::string_view(url->host()).ends_with(host)) return std::string(provider);
    }
  }
  switch (target.dialect) {
    case DialectKind::openai:
      return "openai";
    case DialectKind::anthropic:
      return "anthropic";
    case DialectKind::ollama:
      return "ollama";
    case DialectKind::switch_:
    case DialectKind::madre:
    case DialectKind::none:
      break;
  }
  return vx11::ChatTargetLabels().provider;
}

std::vector<vx11::ChatTargetLabels> chat_labels(const GatewayConfig& config,
                                                const Upstreams& upstreams) {
  std::vector<vx11::ChatTargetLabels> labels;
  if (upstreams.switch_) labels.push_back({.name = upstreams.switch_->name});
  labels.push_back({.name = upstreams.madre.name});
  for (const Upstream& upstream : upstreams.named) {
    const TargetConfig& target = config.targets.at(upstream.name);
    labels.push_back({.name = upstream.name,
                      .provider = provider_of(target),
                      .model = target.model,
                      .embeddings = upstream.embeddings != nullptr});
  }
  return labels;
}

}  // namespace gateway
