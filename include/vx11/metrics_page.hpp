#pragma once

/// \file
/// `MetricsPage`: metric families as the text that Prometheus reads, for programs whose handler is
/// no `OperatorApi`.

#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

namespace metrics {
class Page;
}

/// Metric families as `GET /metrics` shows them, for programs with routes of their own.
///
/// ```cpp
/// const vx11::MetricsPage page = vx11::MetricsPage::create({}).value();
/// vx11::HttpRoutes routes;
/// routes.get("/metrics", [page](const vx11::HttpRequest& r) { return page.answer(r); });
/// ```
///
/// Immutable and **thread-safe**; copies share the families.
class VX11_API MetricsPage {
 public:
  /// \return every mistake of the families in one `invalid_argument`: names, labels, functions, and
  ///         lines that two of them would share
  static Result<MetricsPage> create(std::vector<MetricFamily> families);

  /// Prometheus text 0.0.4, or OpenMetrics 1.0 for requests whose `Accept` prefers it. Large pages
  /// are written in slices, between which the event loop serves others.
  Task<HttpResponse> answer(const HttpRequest& request) const;

 private:
  explicit MetricsPage(std::shared_ptr<const metrics::Page> page) noexcept
      : page_(std::move(page)) {}

  std::shared_ptr<const metrics::Page> page_;
};

}  // namespace v0
}  // namespace vx11
