#include <vx11/detail/mistakes.hpp>
#include <vx11/http_answer_fields.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include "http/request_id.hpp"
#include "requests/decorator.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

void add_if_absent(Headers& headers, std::string_view name, std::string_view value) {
  if (!value.empty() && !headers.contains(name)) headers.add(name, value);
}

/// A list of words: `no-referrer, same-origin`.
bool is_policy(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '-' || c == ',' || c == ' ';
  });
}

class AnswerFields final : public requests::Decorator {
 public:
  AnswerFields(std::shared_ptr<HttpHandler> inner, AnswerFieldsOptions options)
      : Decorator(std::move(inner)), referrer_policy_(std::move(options.referrer_policy)) {
    const auto seconds = options.hsts_max_age.count();
    if (seconds > 0) strict_transport_ = "max-age=" + std::to_string(seconds);
  }

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    auto admission = Decorator::admit(head);
    if (!admission) complete(admission.error(), head);
    return admission;
  }

  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override {
    Task<StreamedResponse> opening = open_inner(request, admission, std::move(deadline));
    StreamedResponse& answer = co_await opening;
    complete(answer.head, request);
    co_return std::move(answer);
  }

  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override {
    answer = Decorator::refused(head, std::move(answer));
    complete(answer, head);
    return answer;
  }

 private:
  void complete(HttpResponse& answer, const HttpRequest& request) const {
    Headers& headers = answer.headers;
    if (!headers.contains(http_detail::kRequestId)) {
      headers.add(http_detail::kRequestId, http_detail::request_id_of(request.headers));
    }
    add_if_absent(headers, "X-Content-Type-Options", "nosniff");
    add_if_absent(headers, "Cache-Control", "no-store");
    add_if_absent(headers, "Referrer-Policy", referrer_policy_);
    add_if_absent(headers, "Strict-Transport-Security", strict_transport_);
  }

  const std::string referrer_policy_;
  std::string strict_transport_ = {};
};

}  // namespace

Result<std::shared_ptr<HttpHandler>> make_answer_fields(std::shared_ptr<HttpHandler> inner,
                                                        AnswerFieldsOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the handler is null");
  mistakes.add_if(options.hsts_max_age.count() < 0, "hsts_max_age is below zero");
  mistakes.add_if(!is_policy(options.referrer_policy), "referrer_policy is no list of words");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<AnswerFields>(std::move(inner), std::move(options));
}

}  // namespace v0
}  // namespace vx11
