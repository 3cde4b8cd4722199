#pragma once

/// \file
/// How a request that outlives its head is counted by its route. Internal.

#include <vx11/http_message.hpp>
#include <vx11/http_request_metrics.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "front/exemplar_trace.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Keeps of a request what is needed to count it at the end of its stream.
class RouteCount {
 public:
  /// \param metrics null: it is not counted
  /// \param trace null: the request is not traced
  RouteCount(std::shared_ptr<RequestMetrics> metrics, std::size_t route, const HttpRequest& request,
             const RequestTrace* trace)
      : metrics_(std::move(metrics)), route_(route) {
    if (metrics_ == nullptr) return;
    method_ = request.method;
    trace_id_ = exemplar_trace(trace, request.headers);
  }

  void answered(int status, Duration took) const noexcept {
    if (metrics_ != nullptr) metrics_->answered(route_, method_, trace_id_, status, took);
  }

 private:
  std::shared_ptr<RequestMetrics> metrics_;
  std::size_t route_;
  std::string method_ = {};
  std::string trace_id_ = {};
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
