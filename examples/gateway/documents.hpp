#pragma once

/// \file
/// The documents that the gateway serves beside its APIs. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <memory>

#include "config.hpp"

namespace gateway {

/// Where the OpenAPI description is.
inline constexpr const char* kDescriptionPath = "/openapi.json";
/// The page that shows it, with what it needs below. Only in builds that have Redoc.
inline constexpr const char* kPagePath = "/operator/docs";

/// Public: they hold nothing that is not in the source.
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_gateway_documents(const ServerConfig& server);

}  // namespace gateway
