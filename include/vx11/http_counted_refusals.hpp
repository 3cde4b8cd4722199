#pragma once

/// \file
/// Counts what no API answers, around any `HttpHandler`.

#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/result.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {

/// A handler that answers as `inner` and counts what was refused by a head alone, by any handler or
/// by the server itself (`RefusalHandler`). Put it around all other handlers. Thread-safe.
/// \return `invalid_argument` if the handler or the metrics are missing
VX11_API Result<std::shared_ptr<HttpHandler>> make_counted_refusals(
    std::shared_ptr<HttpHandler> inner, std::shared_ptr<RequestMetrics> metrics);

}  // namespace v0
}  // namespace vx11
