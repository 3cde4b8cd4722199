#pragma once

/// \file
/// The id that links a request, its answer, its events and audit entries, and what the gateway is
/// asked for it. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/http_message.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace backend {

inline constexpr std::string_view kCorrelationId = "X-Correlation-Id";

/// `X-Correlation-Id`, or `X-Request-Id` where that is absent, if it has 1 to 128 letters, digits
/// and harmless marks and occurs once; else a new UUID.
std::string correlation_id_of(const vx11::Headers& headers);

/// A handler that answers as `inner`. It adds `X-Correlation-Id` and `X-Request-Id`, which are
/// equal, to every answer, and `correlation_id` to errors that lack it, refusals by the server
/// included. A trailing slash, and `/v1` below `/operator/api`, name the same resource.
std::shared_ptr<vx11::HttpHandler> make_canonical(std::shared_ptr<vx11::HttpHandler> inner);

}  // namespace backend
