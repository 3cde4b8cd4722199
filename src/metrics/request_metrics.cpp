#include <vx11/clock.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/metric_histogram.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <span>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kNoRoute = "none";
constexpr std::string_view kOther = "other";

/// The codes that are counted by themselves, by what is asked for. All others count by these words,
/// so that expressions such as `code=~"4..|5.."` find every error.
constexpr std::array<std::string_view, 3> kOtherCodes = {"4xx", "5xx", kOther};
constexpr std::array kOfReading = {200, 400, 401, 403, 404, 429, 499, 500, 502, 503, 504};
constexpr std::array kOfSending = {200, 204, 400, 401, 403, 404, 408, 409, 413,
                                   415, 422, 429, 499, 500, 502, 503, 504};
constexpr std::array kOfOtherMethods = {200, 204, 401, 403, 404, 405, 429};
constexpr std::array kWithoutRoute = {204, 400, 401, 403, 404, 405, 408, 413,
                                      414, 417, 429, 431, 500, 501, 503, 505};
using Codes = std::span<const int>;

WallTime now() noexcept {
  return WallClock().now();
}

/// Counters of one method of a route.
class ByCode {
 public:
  ByCode(std::string_view method, Codes codes)
      : method_(method),
        codes_(codes),
        counts_(std::make_unique<std::atomic<std::uint64_t>[]>(slots())) {}

  std::string_view method() const noexcept { return method_; }
  void count(int status) noexcept {
    const auto code = std::find(codes_.begin(), codes_.end(), status);
    std::size_t slot = static_cast<std::size_t>(code - codes_.begin());
    if (code == codes_.end()) slot += class_of(status);
    counts_[slot].fetch_add(1, std::memory_order_relaxed);
  }
  /// \param owner of this
  void add_series(MetricFamily& family, std::string_view route,
                  const std::shared_ptr<const void>& owner) const {
    for (std::size_t i = 0; i < slots(); ++i) {
      family.series.push_back({.labels = {{"route", std::string(route)},
                                          {"method", std::string(method_)},
                                          {"code", code_of(i)}},
                               .value = [owner, &count = counts_[i]] {
                                 return count.load(std::memory_order_relaxed);
                               }});
    }
  }

 private:
  std::size_t slots() const noexcept { return codes_.size() + kOtherCodes.size(); }
  std::string code_of(std::size_t slot) const {
    if (slot < codes_.size()) return std::to_string(codes_[slot]);
    return std::string(kOtherCodes[slot - codes_.size()]);
  }
  /// Which of `kOtherCodes` counts a status.
  static std::size_t class_of(int status) noexcept {
    if (status < 400 || status > 599) return 2;
    return status < 500 ? 0 : 1;
  }

  std::string_view method_;
  Codes codes_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
};

struct CountedRoute {
  explicit CountedRoute(std::string_view of_pattern) : pattern(of_pattern) {}

  /// HEAD counts as GET.
  ByCode& of_method(std::string_view method) noexcept {
    if (method == "HEAD") method = "GET";
    const auto is_it = [&](const ByCode& one) { return one.method() == method; };
    return *std::find_if(methods.begin(), methods.end() - 1, is_it);
  }

  std::string_view pattern;
  std::vector<ByCode> methods = {};  ///< The last: any other.
  std::unique_ptr<MetricHistogram> times =
      std::make_unique<MetricHistogram>(request_time_bounds(), kTimeSteps, Exemplars::newest);
};

std::vector<CountedRoute> counted(const std::vector<ServedRoute>& routes) {
  std::vector<CountedRoute> all;
  for (const ServedRoute& route : routes) {
    const auto is_it = [&](const CountedRoute& one) { return one.pattern == route.pattern; };
    auto found = std::find_if(all.begin(), all.end(), is_it);
    if (found == all.end()) found = all.emplace(all.end(), route.pattern);
    const bool reads = route.method == "GET";
    found->methods.emplace_back(route.method, reads ? Codes(kOfReading) : Codes(kOfSending));
  }
  for (CountedRoute& route : all) route.methods.emplace_back(kOther, kOfOtherMethods);
  all.emplace_back(kNoRoute).methods.emplace_back(kOther, kWithoutRoute);
  return all;
}

}  // namespace

struct RequestMetrics::Impl {
  std::vector<CountedRoute> routes;  ///< The last: none.
};

RequestMetrics::RequestMetrics(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RequestMetrics::~RequestMetrics() = default;

std::shared_ptr<RequestMetrics> RequestMetrics::create(std::vector<ServedRoute> routes) {
  return std::shared_ptr<RequestMetrics>(
      new RequestMetrics(std::make_unique<Impl>(Impl{counted(routes)})));
}

std::size_t RequestMetrics::index_of(std::string_view pattern) const noexcept {
  const auto& routes = impl_->routes;
  const auto is_it = [&](const CountedRoute& one) { return one.pattern == pattern; };
  return static_cast<std::size_t>(std::find_if(routes.begin(), routes.end() - 1, is_it) -
                                  routes.begin());
}

void RequestMetrics::refused(std::string_view pattern, std::string_view method,
                             int status) noexcept {
  impl_->routes[index_of(pattern)].of_method(method).count(status);
}

void RequestMetrics::answered(std::size_t route, std::string_view method, std::string_view trace_id,
                              int status, Duration took) noexcept {
  CountedRoute& counted = impl_->routes[std::min(route, impl_->routes.size() - 1)];
  counted.of_method(method).count(status);
  if (trace_id.empty()) return counted.times->count_time(took);
  counted.times->count_time(took, trace_id, now());
}

std::vector<MetricFamily> RequestMetrics::families(
    const std::shared_ptr<const RequestMetrics>& metrics) {
  MetricFamily requests{.name = "vx11_http_requests_total",
                        .help = "Requests that were answered, by route, method and status code."};
  MetricFamily times{
      .name = "vx11_http_request_duration_seconds",
      .help =
          "Time from the head of a request to its answer, or to the end of its stream; without "
          "requests that were refused by their head or by a limit.",
      .kind = MetricKind::histogram,
      .unit = "seconds"};
  for (const CountedRoute& route : metrics->impl_->routes) {
    for (const ByCode& method : route.methods) method.add_series(requests, route.pattern, metrics);
    times.series.push_back(
        {.labels = {{"route", std::string(route.pattern)}},
         .histogram = [metrics, &counted = *route.times] { return counted.read(); }});
  }
  return {std::move(requests), std::move(times)};
}

}  // namespace v0
}  // namespace vx11
