#pragma once

/// \file
/// Answers that come piece by piece: what a transport may be able to do beside `send`.

#include <vx11/export.hpp>
#include <vx11/transport.hpp>

#include <memory>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The body of an answer, as it comes. One owner, one reader at a time; destroying it before the
/// end cancels the rest and closes the connection.
class VX11_API BodyStream {
 public:
  BodyStream() = default;
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;
  virtual ~BodyStream() = default;

  /// The next piece, at least a byte of it; empty at the end. After an error there is nothing more.
  /// \return `timeout` when none came by `deadline`, `cancelled`, or `invalid_reply` for a body cut
  /// short
  virtual Task<Result<std::string>> next(Deadline deadline) = 0;
};

/// An answer whose head has come.
struct StreamedResponse {
  StreamedResponse() = default;
  StreamedResponse(HttpResponse head, std::unique_ptr<BodyStream> body)
      : head(std::move(head)), body(std::move(body)) {}

  HttpResponse head = {};  ///< Its body is empty.
  std::unique_ptr<BodyStream> body = {};
};

/// A transport that can hand over an answer before it is complete. Thread-safe.
class VX11_API StreamingTransport : public Transport {
 public:
  /// Sends `request` and returns when the head of the answer has come, within `deadline`, whose
  /// stop token ends the body, too. `request` is kept alive by the caller until the task has
  /// completed.
  /// \return as `send`
  virtual Task<Result<StreamedResponse>> open(const HttpRequest& request, Deadline deadline) = 0;
  /// A temporary would be gone before the task runs.
  Task<Result<StreamedResponse>> open(const HttpRequest&& request, Deadline deadline) = delete;
};

}  // namespace v0
}  // namespace vx11
