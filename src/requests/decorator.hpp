#pragma once

/// \file
/// `Decorator`: the common part of handlers around another handler. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/http_refusals.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// Admits what the inner handler admits, and answers it in `open`. Owns the inner handler.
class Decorator : public HttpHandler, public RefusalHandler {
 public:
  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    auto admission = inner_->admit(head);
    if (admission) admission->wrap(*this);
    return admission;
  }
  std::string_view route(std::string_view target) const noexcept override {
    return inner_->route(target);
  }
  void drain() noexcept override { inner_->drain(); }
  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override {
    return complete_refusal(*inner_, head, std::move(answer));
  }

 protected:
  explicit Decorator(std::shared_ptr<HttpHandler> inner) noexcept : inner_(std::move(inner)) {}

  const HttpHandler& inner() const noexcept { return *inner_; }
  Task<StreamedResponse> open_inner(const HttpRequest& request, const HttpAdmission& admission,
                                    Deadline deadline) const {
    return inner_->open(request, admission, std::move(deadline));
  }

 private:
  std::shared_ptr<HttpHandler> inner_;
};

}  // namespace requests
}  // namespace v0
}  // namespace vx11
