#include <vx11/detail/mistakes.hpp>
#include <vx11/http_problem.hpp>

#include <algorithm>
#include <utility>

#include "http/media_type.hpp"
#include "requests/decorator.hpp"
#include "requests/problem.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

class ProblemDetails final : public requests::Decorator {
 public:
  ProblemDetails(std::shared_ptr<HttpHandler> inner, ProblemOptions options)
      : Decorator(std::move(inner)), options_(std::move(options)) {}

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    if (!endpoints::prefers_problem(head.headers)) return inner().admit(head);
    auto admission = Decorator::admit(head);
    if (!admission) requests::make_problem(admission.error(), options_.type_base);
    return admission;
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override {
    if (!endpoints::prefers_problem(request.headers)) {
      return open_inner(request, admission, std::move(deadline));
    }
    return open_as_problem(request, admission, std::move(deadline));
  }

  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override {
    answer = Decorator::refused(head, std::move(answer));
    if (endpoints::prefers_problem(head.headers)) {
      requests::make_problem(answer, options_.type_base);
    }
    return answer;
  }

 private:
  Task<StreamedResponse> open_as_problem(const HttpRequest& request, const HttpAdmission& admission,
                                         Deadline deadline) const {
    Task<StreamedResponse> opening = open_inner(request, admission, std::move(deadline));
    StreamedResponse& answer = co_await opening;
    if (answer.body == nullptr) requests::make_problem(answer.head, options_.type_base);
    co_return std::move(answer);
  }

  const ProblemOptions options_;
};

}  // namespace

Result<std::shared_ptr<HttpHandler>> make_problem_details(std::shared_ptr<HttpHandler> inner,
                                                          ProblemOptions options) {
  const std::string& base = options.type_base;
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the handler is null");
  mistakes.add_if(std::any_of(base.begin(), base.end(), [](char c) { return c <= ' ' || c > '~'; }),
                  "type_base must be a URI in ASCII");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<ProblemDetails>(std::move(inner), std::move(options));
}

}  // namespace v0
}  // namespace vx11
