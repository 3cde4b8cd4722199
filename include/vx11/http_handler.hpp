#pragma once

/// \file
/// `HttpHandler`: what a server serves. `OperatorApi` is one; `HttpRoutes` builds others.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/scope.hpp>
#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

class HttpHandler;
class RequestTrace;
struct AnswerOrigin;

/// Receives what an answer has cost, for a handler that limits it. Thread-safe.
class VX11_API UsageMeter {
 public:
  UsageMeter() = default;
  UsageMeter(const UsageMeter&) = delete;
  UsageMeter& operator=(const UsageMeter&) = delete;
  virtual ~UsageMeter() = default;
  /// The tokens of a chat, input and output, as its upstream counts them.
  virtual void charge(std::uint64_t tokens) noexcept = 0;
};

/// Permission to answer one request, issued once its head was accepted.
///
/// Refers to the handler that issued it and to the head; valid while both exist and the head is
/// unchanged. A value type that allocates nothing.
///
/// A handler that wraps another one answers for it so, and passes on `route` and `drain`, too:
/// ```
/// tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
///   return inner_.admit(head).map([&](const HttpAdmission& a) { return a.within(*this); });
/// }
/// Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
///                             Deadline deadline) const override {
///   return inner_.open(request, admission, std::move(deadline));
/// }
/// ```
class HttpAdmission {
 public:
  /// Data found in the head and used again for the answer. Only the issuing handler reads `route`
  /// and `argument`.
  struct Match {
    const void* route = nullptr;     ///< The matching route.
    std::string_view argument = {};  ///< A part of the head.
    TimePoint since = {};            ///< When the head was complete, for latency metrics.
    /// What the credential of the request allows; none where no credential was checked.
    Scopes scopes = {};
    /// Who sent the request, as `AccessCheck::principal`. Null if unknown.
    std::shared_ptr<const std::string> principal = {};
    /// What `HttpHandler::route` returns for the target, so that it is looked up once. Empty: the
    /// handler has not looked.
    std::string_view pattern = {};
  };

  HttpAdmission(const HttpHandler& handler, std::size_t max_body_bytes, Match match) noexcept
      : handler_(&handler),
        issuer_(&handler),
        max_body_bytes_(max_body_bytes),
        match_(std::move(match)) {}

  /// The handler to call: the one that issued this, or the outermost one that wraps it. A handler
  /// that only chooses among others passes on their admission.
  const HttpHandler& handler() const noexcept { return *handler_; }
  /// The handler that issued this, whose data `match` is.
  const HttpHandler& issuer() const noexcept { return *issuer_; }
  /// The same admission, to be answered by calling `outer`, which wraps the handler of this one.
  HttpAdmission within(const HttpHandler& outer) const noexcept {
    HttpAdmission wrapped = *this;
    wrapped.wrap(outer);
    return wrapped;
  }
  /// `within`, in place.
  void wrap(const HttpHandler& outer) noexcept { handler_ = &outer; }
  /// The same admission, which keeps `owner` alive, in place of an earlier owner: of a handler that
  /// may be replaced before the request has been answered.
  HttpAdmission owned_by(std::shared_ptr<const void> owner) const noexcept {
    HttpAdmission owned = *this;
    owned.own(std::move(owner));
    return owned;
  }
  /// `owned_by`, in place.
  void own(std::shared_ptr<const void> owner) noexcept { owner_ = std::move(owner); }
  /// Null if the handler outlives every admission anyway.
  const std::shared_ptr<const void>& owner() const noexcept { return owner_; }
  /// The same admission, whose answer is charged to `meter`.
  HttpAdmission metered(std::shared_ptr<UsageMeter> meter) const noexcept {
    HttpAdmission charged = *this;
    charged.charge_to(std::move(meter));
    return charged;
  }
  /// `metered`, in place.
  void charge_to(std::shared_ptr<UsageMeter> meter) noexcept { meter_ = std::move(meter); }
  /// Null: the cost of the answer matters to no handler.
  const std::shared_ptr<UsageMeter>& meter() const noexcept { return meter_; }
  /// The answer belongs to `trace` (vx11/tracing.hpp). Const, like `report_to`: what observes a
  /// request is no part of the permission. Like the rest not thread-safe.
  void trace_by(std::shared_ptr<RequestTrace> trace) const noexcept { trace_ = std::move(trace); }
  /// Null: the request is not traced.
  const std::shared_ptr<RequestTrace>& trace() const noexcept { return trace_; }
  /// Who answers a chat is reported to `origin` (vx11/answer_origin.hpp), unless it is null. It
  /// lives until the task of `open` has ended.
  void report_to(AnswerOrigin* origin) const noexcept { origin_ = origin; }
  /// To be filled before the task of `open` ends. Null: no handler wants to know.
  AnswerOrigin* origin() const noexcept { return origin_; }
  /// The largest body the server reads for this request; it answers 413 above.
  std::size_t max_body_bytes() const noexcept { return max_body_bytes_; }
  const Match& match() const noexcept { return match_; }

 private:
  const HttpHandler* handler_;
  const HttpHandler* issuer_;
  std::size_t max_body_bytes_;
  Match match_;
  std::shared_ptr<const void> owner_ = {};
  std::shared_ptr<UsageMeter> meter_ = {};
  mutable std::shared_ptr<RequestTrace> trace_ = {};
  mutable AnswerOrigin* origin_ = nullptr;
};

/// Answers HTTP requests in two steps: `admit` decides on the head, before the server reads any of
/// the body; the second step answers.
///
/// Implementations are **thread-safe**: a server calls them from all its loops concurrently. They
/// outlive the server's run and every task they returned. They run on an event loop: blocking stops
/// every connection of that loop, so suspend instead of waiting.
///
/// Exceptions are answered with 500. The status is 200 to 599, and header fields contain no control
/// characters; the server sets the framing (`Content-Length`, `Transfer-Encoding`, `Connection`,
/// `Date`). An answer to HEAD may carry the body of GET: the server sends its length alone.
class VX11_API HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  /// Accepts the head of a request, or returns the refusal (404, 401, 405 …). After a refusal the
  /// body is not read, and the connection is closed if there was one.
  virtual tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const = 0;

  /// The answer to a request that `admit` of this handler accepted, its body complete, whatever
  /// `handler()` of the admission is: a handler that wraps this one may have changed it. Without a
  /// body stream the answer is complete. `request` and `admission` live until the task has been
  /// destroyed; a body stream copies what it needs of them. The caller keeps the admission's
  /// `owner`, if there is one, until the stream has been destroyed, too. The deadline's stop token
  /// fires when the client disconnects.
  virtual Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                                      Deadline deadline) const = 0;

  /// The pattern of the route that answers `target`, such as `/operator/session/{}`, for logs and
  /// metrics, which must not contain what clients invent. Valid as long as this handler. Empty: no
  /// route does, or the handler does not know.
  virtual std::string_view route(std::string_view /*target*/) const noexcept { return {}; }

  /// The server is about to stop: readiness endpoints fail from now on, so that load balancers
  /// stop sending. Thread-safe.
  virtual void drain() noexcept {}

 protected:
  HttpHandler() = default;
  HttpHandler(const HttpHandler&) = default;
  HttpHandler& operator=(const HttpHandler&) = default;
};

}  // namespace v0
}  // namespace vx11
