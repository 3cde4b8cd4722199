#pragma once

/// \file
/// A transport behind policies, for the Router, health probes and the power client.

#include <vx11/http_method.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/transport.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Which requests a `Retry` or a `Hedge` among the policies may send more than once.
enum class Repeat : std::uint8_t {
  /// Those with an idempotent method (RFC 9110 §9.2.2) or an `Idempotency-Key`. Others are sent
  /// once, whatever the policies allow: a POST that was answered 503 may have been carried out.
  idempotent,
  /// Every request, for an upstream whose POSTs may be repeated, such as chats.
  every,
};

/// Sends every request through a pipeline. Made by `with_policies`. **Thread-safe** if pipeline and
/// transport are; keeps both.
template <class Policy>
class PolicedTransport final : public Transport {
 public:
  PolicedTransport(std::shared_ptr<Transport> transport, Policy policy,
                   Repeat repeat = Repeat::idempotent)
      : transport_(std::move(transport)), policy_(std::move(policy)), repeat_(repeat) {}

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    return detail::run_under(policy_, Send(*transport_, request, repeat_), std::move(deadline));
  }

 private:
  class Send {
   public:
    Send(Transport& transport, const HttpRequest& request, Repeat repeat) noexcept
        : transport_(&transport), request_(&request), repeat_(repeat) {}
    Task<Result<HttpResponse>> operator()(Deadline deadline) const {
      return transport_->send(*request_, std::move(deadline));
    }
    bool may_repeat() const noexcept {
      return repeat_ == Repeat::every || is_idempotent(request_->method) ||
             request_->headers.contains("Idempotency-Key");
    }

   private:
    Transport* transport_;
    const HttpRequest* request_;
    Repeat repeat_;
  };

  std::shared_ptr<Transport> transport_;
  Policy policy_;
  Repeat repeat_;
};

/// Wraps `transport` in `policy`, a pipeline or a single policy, accepted as in `pipeline`:
///
/// ```cpp
/// vx11::Bulkhead bulkhead({.concurrent = 8});
/// auto limited = vx11::with_policies(
///     http, vx11::pipeline(std::ref(bulkhead), vx11::Retry({.attempts = 2})));
/// ```
///
/// Rejections are returned as `rejected` or `circuit_open`, as if by the transport. HTTP statuses
/// are classified by `CallVerdict` and `DefaultRetryable`. A `Retry` or a `Hedge` inside sends a
/// request more than once only if `repeat` allows it; a policy of the user's own that calls `next`
/// in a loop has to ask. The last response is returned whole, whatever its status. The result does
/// not support streaming, because a partly delivered response cannot be retried.
///
/// Behind a Router, configure the breaker on the Router's target only; otherwise it is acquired
/// twice.
template <class Policy>
std::shared_ptr<Transport> with_policies(std::shared_ptr<Transport> transport, Policy&& policy,
                                         Repeat repeat = Repeat::idempotent) {
  auto kept = detail::keep_policy(std::forward<Policy>(policy));
  return std::make_shared<PolicedTransport<decltype(kept)>>(std::move(transport), std::move(kept),
                                                            repeat);
}

}  // namespace v0
}  // namespace vx11
