#pragma once

/// \file
/// Counts requests by route, method and status, for `GET /metrics`.

#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/metric_family.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A route that an API serves. Both are constants of the program.
struct ServedRoute {
  std::string_view method = {};  ///< As HEAD is answered, too, by GET.
  std::string_view pattern =
      {};  ///< As `HttpHandler::route` returns it. Several methods may share it.
};

/// Whether an API counts what it answers.
enum class RequestCounting : unsigned char {
  on,
  /// Requests, chats and streams are neither counted nor timed, and `GET /metrics` has none of
  /// their families: for programs that have no scraper.
  off,
};

/// Requests by route, method and status code, and their times by route.
///
/// Every series exists from the start, and no request can add one: paths without a route count for
/// the route `none`, methods that a route does not have for the method `other`, and codes that are
/// unusual for both for the code `other`. Counting takes no lock and allocates nothing.
/// **Thread-safe.** Pass one object to every API and handler of a server: each counts the answers
/// that it makes itself.
class VX11_API RequestMetrics {
 public:
  /// \param routes in the order in which they are shown; each combination once
  static std::shared_ptr<RequestMetrics> create(std::vector<ServedRoute> routes);
  RequestMetrics(const RequestMetrics&) = delete;
  RequestMetrics& operator=(const RequestMetrics&) = delete;
  ~RequestMetrics();

  /// A route as it is counted; `none` if it is not served.
  std::size_t index_of(std::string_view pattern) const noexcept;
  /// A request was answered, or its stream has ended.
  /// \param route    of `index_of`
  /// \param trace_id becomes the exemplar of its bucket; empty: it has none
  /// \param took     from its head to that
  void answered(std::size_t route, std::string_view method, std::string_view trace_id, int status,
                Duration took) noexcept;
  /// The same, but for its time, which says nothing: it was refused by its head, or by a limit.
  /// \param pattern of its route; empty: none
  void refused(std::string_view pattern, std::string_view method, int status) noexcept;

  /// `vx11_http_requests_total` and `vx11_http_request_duration_seconds`. They share the counters.
  static std::vector<MetricFamily> families(const std::shared_ptr<const RequestMetrics>& metrics);

 private:
  struct Impl;
  explicit RequestMetrics(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
