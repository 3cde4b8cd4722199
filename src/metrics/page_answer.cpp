#include "metrics/page_answer.hpp"

#include <vx11/metrics_page.hpp>

#include <string>
#include <utility>

#include "http/media_type.hpp"
#include "threads/next_turn.hpp"

namespace vx11 {
inline namespace v0 {

namespace metrics {

Task<HttpResponse> answer_of(const Page& page, const HttpRequest& request,
                             std::shared_ptr<const void> /*owner*/) {
  constexpr std::size_t kSlice = 32 * 1024;  // some 100 µs
  const Exposition format = endpoints::prefers_openmetrics(request.headers)
                                ? Exposition::openmetrics
                                : Exposition::prometheus;
  std::string text;
  text.reserve(4 * kSlice);
  Page::Position from;
  while (page.write(text, format, from, kSlice)) {
    NextTurn turn;
    co_await turn;
  }
  HttpResponse answer(200, std::string(content_type(format)), std::move(text));
  answer.headers.add("Vary", "Accept");
  co_return answer;
}

}  // namespace metrics

Result<MetricsPage> MetricsPage::create(std::vector<MetricFamily> families) {
  detail::Mistakes mistakes;
  metrics::check(mistakes, families);
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return MetricsPage(std::make_shared<const metrics::Page>(std::move(families)));
}

Task<HttpResponse> MetricsPage::answer(const HttpRequest& request) const {
  return metrics::answer_of(*page_, request, page_);
}

}  // namespace v0
}  // namespace vx11
