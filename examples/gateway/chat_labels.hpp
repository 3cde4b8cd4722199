#pragma once

/// \file
/// Targets as the metrics of chats label them.

#include <vx11/chat_metrics.hpp>

#include <string>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/upstreams.hpp"

namespace gateway {

/// The `gen_ai.provider.name` of OpenTelemetry: that of the host where it is known, or else of the
/// API that the target speaks.
std::string provider_of(const TargetConfig& target);

/// Of all upstreams of chats.
std::vector<vx11::ChatTargetLabels> chat_labels(const GatewayConfig& config,
                                                const Upstreams& upstreams);

}  // namespace gateway
