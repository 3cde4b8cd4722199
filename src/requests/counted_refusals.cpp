#include <vx11/detail/mistakes.hpp>
#include <vx11/http_counted_refusals.hpp>

#include <utility>

#include "requests/decorator.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

class CountedRefusals final : public requests::Decorator {
 public:
  CountedRefusals(std::shared_ptr<HttpHandler> inner, std::shared_ptr<RequestMetrics> metrics)
      : Decorator(std::move(inner)), metrics_(std::move(metrics)) {}

  /// Without a wrap: the inner handler answers what it admits.
  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    auto admission = inner().admit(head);
    if (!admission) count(head, admission.error());
    return admission;
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override {
    return open_inner(request, admission, std::move(deadline));
  }

  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override {
    answer = Decorator::refused(head, std::move(answer));
    count(head, answer);
    return answer;
  }

 private:
  void count(const HttpRequest& head, const HttpResponse& answer) const noexcept {
    metrics_->refused(route(head.target), head.method, answer.status);
  }

  const std::shared_ptr<RequestMetrics> metrics_;
};

}  // namespace

Result<std::shared_ptr<HttpHandler>> make_counted_refusals(
    std::shared_ptr<HttpHandler> inner, std::shared_ptr<RequestMetrics> metrics) {
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the handler is null");
  mistakes.add_if(metrics == nullptr, "the metrics are null");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<CountedRefusals>(std::move(inner), std::move(metrics));
}

}  // namespace v0
}  // namespace vx11
