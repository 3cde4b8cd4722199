#pragma once

/// \file
/// How a request that outlives its head is counted by its route. Internal.

#include <vx11/http_message.hpp>
#include <vx11/http_request_metrics.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "front/exemplar_trace.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Keeps of a request what is needed to count it at the end of its stream.
class RouteCount {
 public:
  /// \param metrics null: it is not counted; must outlive this
  /// \param trace null: the request is not traced
  RouteCount(RequestMetrics* metrics, std::size_t route, const HttpRequest& request,
             const RequestTrace* trace)
      : metrics_(metrics), route_(static_cast<std::uint32_t>(route)) {
    if (metrics_ == nullptr) return;
    method_and_trace_ = request.method;
    method_size_ = static_cast<std::uint32_t>(request.method.size());
    method_and_trace_ += exemplar_trace(trace, request.headers);
  }

  void answered(int status, Duration took) const noexcept {
    if (metrics_ == nullptr) return;
    const std::string_view both = method_and_trace_;
    metrics_->answered(route_, both.substr(0, method_size_), both.substr(method_size_), status,
                       took);
  }

 private:
  RequestMetrics* metrics_;
  std::uint32_t route_;
  std::uint32_t method_size_ = 0;
  std::string method_and_trace_ = {};
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
