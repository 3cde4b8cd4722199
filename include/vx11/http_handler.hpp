#pragma once

/// \file
/// `HttpHandler`: what a server serves. `OperatorApi` is one, `HttpRoutes` builds others.

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

/// The right of one request to be answered, given once its head was accepted.
///
/// It refers to the handler that gave it and to the head; valid as long as both are, the head
/// unchanged. A value type that allocates nothing.
class HttpAdmission {
 public:
  /// What the handler found in the head and needs again for the answer. Only that handler reads it.
  struct Match {
    const void* route = nullptr;     ///< Which of its routes.
    std::string_view argument = {};  ///< A part of the head.
    TimePoint since = {};            ///< When the head was complete, for those who measure.
  };

  HttpAdmission(const HttpHandler& handler, std::size_t max_body_bytes, Match match) noexcept
      : handler_(&handler), max_body_bytes_(max_body_bytes), match_(match) {}

  /// The handler that will answer; one that stands behind others gives its own admission.
  const HttpHandler& handler() const noexcept { return *handler_; }
  /// The largest body the server reads for this request; it answers 413 to more.
  std::size_t max_body_bytes() const noexcept { return max_body_bytes_; }
  const Match& match() const noexcept { return match_; }

 private:
  const HttpHandler* handler_;
  std::size_t max_body_bytes_;
  Match match_;
};

/// Answers HTTP requests, in two steps: the first decides on the head, before the server reads a
/// byte of the body; the second answers.
///
/// Implementations are **thread-safe**: a server asks from all its loops at once. They outlive the
/// server's run and every task they returned. They run on an event loop: one that blocks stops
/// every connection of that loop, so what has to wait suspends.
///
/// Exceptions are answered with 500. An answer's status is 200 to 599, and its header fields hold no
/// control characters; framing (`Content-Length`, `Transfer-Encoding`, `Connection`, `Date`) is the
/// server's. An answer to HEAD may carry the body of GET: the server sends its length alone.
class VX11_API HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  /// Accepts the head of a request, or returns the answer that it already earns (404, 401, 405 …).
  /// After a refusal the body is not read, and the connection is closed if there was one.
  virtual tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const = 0;

  /// The answer to a request that `admit` of this handler accepted, its body complete. Without a
  /// body stream in it the answer is whole. `request` lives until the task has completed; a body
  /// stream copies what it needs of it. The deadline's stop token fires when the client disconnects.
  virtual Task<StreamedResponse> open(const HttpRequest& request, HttpAdmission admission,
                                      Deadline deadline) const = 0;

  /// The server is about to stop: from now on a readiness endpoint says no, so that load balancers
  /// look elsewhere. Thread-safe.
  virtual void drain() noexcept {}

 protected:
  HttpHandler() = default;
  HttpHandler(const HttpHandler&) = default;
  HttpHandler& operator=(const HttpHandler&) = default;
};

}  // namespace v0
}  // namespace vx11
