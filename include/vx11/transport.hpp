#pragma once

/// \file
/// `Transport`: how a request reaches an upstream and its answer comes back.

#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {

/// The one seam between the library and the network.
///
/// A blocking transport does its work inside the coroutine and completes without suspending; an
/// event-driven one suspends. Whoever awaits it cannot tell, so all logic above is written once.
///
/// Implementations are thread-safe: many sends may run at once. They are shared with
/// `std::shared_ptr<Transport>` and are kept alive by whoever sends through them.
class VX11_API Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Sends `request` and returns the whole answer, whatever its HTTP status.
  ///
  /// `request` is kept alive by the caller until the task has completed. The transport stops at
  /// `deadline`, or soon after its stop token fires if it can notice that. Redirects are not
  /// followed.
  /// \return `unreachable` for connection failures, `timeout`, `cancelled`, `invalid_reply` for
  ///         bytes that are not HTTP or an answer cut short, `too_large`, or `invalid_argument` for
  ///         an origin it cannot use. I/O never throws.
  virtual Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) = 0;
  /// A temporary would be gone before the task runs. Implementations keep this refusal with
  /// `using Transport::send;`.
  Task<Result<HttpResponse>> send(const HttpRequest&& request, Deadline deadline) = delete;

  /// Whether a send may hold up the calling thread, as it does by default. A transport that waits
  /// only by suspending returns false: whoever has several calls to make then starts them all on one
  /// thread, where it would give each a thread of its own.
  virtual bool blocks() const noexcept { return true; }
};

}  // namespace v0
}  // namespace vx11
