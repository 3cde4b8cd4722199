#include "operator/context.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "front/cors.hpp"
#include "operator/answers.hpp"
#include "operator/routes.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

OperatorApiOptions Context::only_counted(OperatorApiOptions options) {
  if (options.request_counting == RequestCounting::off) options.request_metrics = nullptr;
  return options;
}

RequestCounts Context::request_counts(const OperatorApiOptions& with) noexcept {
  if (with.request_counting == RequestCounting::off) return RequestCounts::none;
  return with.request_metrics != nullptr ? RequestCounts::without_times : RequestCounts::with_times;
}

std::shared_ptr<ChatMetrics> Context::chat_metrics(const OperatorApiOptions& with,
                                                   const Context* earlier) {
  if (with.chat_metrics != nullptr) return with.chat_metrics;
  std::vector<ChatTargetLabels> labels;
  for (const std::string& target : with.router->targets()) labels.push_back({.name = target});
  return earlier != nullptr ? earlier->chats->successor(std::move(labels))
                            : ChatMetrics::create(std::move(labels));
}

std::vector<MetricFamily> Context::metric_families() const {
  std::vector<MetricFamily> families = {build_info()};
  const auto append = [&families](std::vector<MetricFamily> more) {
    std::move(more.begin(), more.end(), std::back_inserter(families));
  };
  if (options.request_metrics) append(RequestMetrics::families(options.request_metrics));
  append(metrics.families());
  if (counts_chats()) append(ChatMetrics::families(chats));
  append(breakers.families(options.clock));
  append(options.metric_families);
  return families;
}

void Context::count(const Call& call, int status, Duration took) const noexcept {
  const Route& route = *call.route;
  metrics.answered(route.endpoint, status, took);
  if (options.request_metrics == nullptr) return;
  options.request_metrics->answered(route_counts[position_of(route)], call.request.method,
                                    exemplar_trace(call.trace.get(), call.request.headers), status,
                                    took);
}

RouteCount Context::count_of(const Call& call) const {
  RequestMetrics* const metrics_by_route = options.request_metrics.get();
  const bool counts = metrics_by_route != nullptr;
  return {metrics_by_route, counts ? route_counts[position_of(*call.route)] : 0, call.request,
          call.trace.get()};
}

void Context::finish(HttpResponse& answer, const HttpRequest& request,
                     std::string_view request_id) const {
  add_cors_fields(options.cors_origins, request, answer);
  http_detail::add_request_id(answer, request_id);
  endpoints::finish(answer, request.method);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
