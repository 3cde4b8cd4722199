#pragma once

/// \file
/// `HttpHandler`: what a server serves. `OperatorApi` is one; `HttpRoutes` builds others.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include <cstddef>
#include <string_view>

namespace vx11 {
inline namespace v0 {

class HttpHandler;

/// Permission to answer one request, issued once its head was accepted.
///
/// Refers to the handler that issued it and to the head; valid while both exist and the head is
/// unchanged. A value type that allocates nothing.
class HttpAdmission {
 public:
  /// Data found in the head and used again for the answer. Only the issuing handler reads it.
  struct Match {
    const void* route = nullptr;     ///< The matching route.
    std::string_view argument = {};  ///< A part of the head.
    TimePoint since = {};            ///< When the head was complete, for latency metrics.
  };

  HttpAdmission(const HttpHandler& handler, std::size_t max_body_bytes, Match match) noexcept
      : handler_(&handler), max_body_bytes_(max_body_bytes), match_(match) {}

  /// The handler that will answer; a handler that forwards passes on the inner handler's admission.
  const HttpHandler& handler() const noexcept { return *handler_; }
  /// The largest body the server reads for this request; it answers 413 above.
  std::size_t max_body_bytes() const noexcept { return max_body_bytes_; }
  const Match& match() const noexcept { return match_; }

 private:
  const HttpHandler* handler_;
  std::size_t max_body_bytes_;
  Match match_;
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

  /// The answer to a request that `admit` of this handler accepted, its body complete. Without a
  /// body stream the answer is complete. `request` lives until the task has completed; a body
  /// stream copies what it needs of it. The deadline's stop token fires when the client
  /// disconnects.
  virtual Task<StreamedResponse> open(const HttpRequest& request, HttpAdmission admission,
                                      Deadline deadline) const = 0;

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
