#pragma once

/// \file
/// The documents that a program serves beside its APIs. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/embedded_file.hpp"

namespace gateway {

/// Where the OpenAPI description is.
inline constexpr const char* kDescriptionPath = "/openapi.json";
/// The page that shows it, with what it needs below. Only in builds that have Redoc.
inline constexpr const char* kPagePath = "/operator/docs";

/// An OpenAPI description, and the page that shows it. Public: they hold nothing that is not in the
/// source.
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_api_documents(
    const EmbeddedFile& description, std::vector<std::string> cors_origins);
/// Those of vx11-gateway.
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_gateway_documents(const ServerConfig& server);

}  // namespace gateway
