#pragma once

/// \file
/// `Transport`: sends a request to an upstream and returns the response.

#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {

/// The interface between the library and the network.
///
/// A blocking transport works inside the coroutine and completes without suspending; an
/// event-driven one suspends. The awaiting code is the same for both.
///
/// Implementations are thread-safe: sends may overlap. Shared with `std::shared_ptr<Transport>`;
/// each user keeps a reference while it sends.
class VX11_API Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Sends `request` and returns the complete response, whatever its HTTP status.
  ///
  /// The caller keeps `request` alive until the task has completed. The transport stops at
  /// `deadline`, or soon after the stop token fires if it can observe that. It does not follow
  /// redirects.
  /// \return `unreachable` for connection failures, `timeout`, `cancelled`, `invalid_reply` for
  ///         bytes that are not HTTP or a truncated response, `too_large`, or `invalid_argument`
  ///         for an unusable origin. I/O never throws.
  virtual Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) = 0;
  /// A temporary would be destroyed before the task runs. Implementations keep this overload with
  /// `using Transport::send;`.
  Task<Result<HttpResponse>> send(const HttpRequest&& request, Deadline deadline) = delete;

  /// Whether a send may block the calling thread; true by default. For a transport that only
  /// suspends, return false: concurrent calls then all start on one thread instead of one thread
  /// each.
  virtual bool blocks() const noexcept { return true; }
};

}  // namespace v0
}  // namespace vx11
