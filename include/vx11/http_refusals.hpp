#pragma once

/// \file
/// `RefusalHandler`: completes the answers that a server gives without its handler.

#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_message.hpp>

#include <utility>

namespace vx11 {
inline namespace v0 {

/// What an `HttpHandler` may be, too: a server passes it each refusal of its own, of a request that
/// its handler never gets. Those are heads that cannot be read (400, 414, 417, 431), requests that
/// are too slow (408) or whose body is too large (413), and those of connections without room
/// (503). The decorators of this library are, so that these answers have the same form, fields and
/// log lines as the others.
///
/// **Thread-safe**; called on event loops, so it must not block.
class VX11_API RefusalHandler {
 public:
  virtual ~RefusalHandler() = default;

  /// The refusal as it is sent: a status of 400 or more, complete but for its framing. With an
  /// exception `answer` is sent as it was.
  /// \param head what has been read of the request: perhaps no method, no target, not all fields
  /// \param answer has an error in JSON, `X-Request-Id` and the fields against caching
  virtual HttpResponse refused(const HttpRequest& head, HttpResponse answer) const = 0;

 protected:
  RefusalHandler() = default;
  RefusalHandler(const RefusalHandler&) = default;
  RefusalHandler& operator=(const RefusalHandler&) = default;
};

/// `answer` as `handler` completes it, if it is a `RefusalHandler`: for servers, and for handlers
/// that pass refusals on to the handler they wrap.
inline HttpResponse complete_refusal(const HttpHandler& handler, const HttpRequest& head,
                                     HttpResponse answer) {
  const auto* const completing = dynamic_cast<const RefusalHandler*>(&handler);
  return completing == nullptr ? answer : completing->refused(head, std::move(answer));
}

}  // namespace v0
}  // namespace vx11
