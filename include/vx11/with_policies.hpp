#pragma once

/// \file
/// A transport behind policies, for the Router, health probes and the power client.

#include <vx11/pipeline.hpp>
#include <vx11/transport.hpp>

#include <memory>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Sends every request through a pipeline. Made by `with_policies`. **Thread-safe** if pipeline and
/// transport are; keeps both.
template <class Policy>
class PolicedTransport final : public Transport {
 public:
  PolicedTransport(std::shared_ptr<Transport> transport, Policy policy)
      : transport_(std::move(transport)), policy_(std::move(policy)) {}

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    return detail::run_under(policy_, Send(*transport_, request), std::move(deadline));
  }

 private:
  class Send {
   public:
    Send(Transport& transport, const HttpRequest& request) noexcept
        : transport_(&transport), request_(&request) {}
    Task<Result<HttpResponse>> operator()(Deadline deadline) const {
      return transport_->send(*request_, std::move(deadline));
    }

   private:
    Transport* transport_;
    const HttpRequest* request_;
  };

  std::shared_ptr<Transport> transport_;
  Policy policy_;
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
/// are classified by `CallVerdict` and `DefaultRetryable`. All requests are treated alike: use a
/// `Retry` or a `Hedge` only around a transport whose requests may be repeated. The result does not
/// support streaming, because a partly delivered response cannot be retried.
///
/// Behind a Router, configure the breaker on the Router's target only; otherwise it is acquired
/// twice.
template <class Policy>
std::shared_ptr<Transport> with_policies(std::shared_ptr<Transport> transport, Policy&& policy) {
  auto kept = detail::keep_policy(std::forward<Policy>(policy));
  return std::make_shared<PolicedTransport<decltype(kept)>>(std::move(transport), std::move(kept));
}

}  // namespace v0
}  // namespace vx11
