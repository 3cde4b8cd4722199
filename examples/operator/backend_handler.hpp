#pragma once

/// \file
/// Everything that the program serves, as one handler. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <memory>

#include "gateway/config/config.hpp"
#include "gateway/front.hpp"
#include "gateway/telemetry/request_logs.hpp"
#include "operator/backend_parts.hpp"

namespace backend {

/// The routes of all parts, console, documents and metrics, with header fields, counts and log of
/// requests around them. All arguments but `config` must outlive the handler.
/// \param parts gets what counts requests with the first handler; later ones count on
/// \return `storage` if the files of the console cannot be read
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_backend_handler(
    const gateway::GatewayConfig& config, BackendParts& parts, const gateway::Front& front,
    const std::shared_ptr<gateway::RequestLogs>& logs);

/// Where the files of the console come from: `built in`, a folder, or `none`.
std::string console_source(const gateway::BackendConfig& config);

}  // namespace backend
