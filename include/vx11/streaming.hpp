#pragma once

/// \file
/// Streamed responses: an optional capability of a transport besides `send`.

#include <vx11/export.hpp>
#include <vx11/transport.hpp>

#include <memory>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

class ConnectionUpgrade;

/// A response body, received piece by piece. One owner, one reader at a time; destroying it before
/// the end cancels the rest and closes the connection.
class VX11_API BodyStream {
 public:
  BodyStream() = default;
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;
  virtual ~BodyStream() = default;

  /// The next piece, at least one byte; empty at the end. After an error the stream has ended.
  /// \return `timeout` if no piece arrived by `deadline`, `cancelled`, or `invalid_reply` for a
  ///         truncated body
  virtual Task<Result<std::string>> next(Deadline deadline) = 0;
  /// Whether the piece returned last was the last one. False if that is not known: then `next`
  /// returns an empty piece. Lets a server send the end together with that piece.
  virtual bool ended() const noexcept { return false; }
  /// Whether the content reports a failure, such as an `error` event in place of the rest of an
  /// answer; known once it has ended. For logs, and for code that keeps answers.
  virtual bool failed() const noexcept { return false; }
  /// The server stops and will close the connection: the stream ends with what its format has for
  /// an answer that breaks off, such as an `error` event, as its last piece. Called on the thread
  /// that owns the stream, also while `next` waits; a stream that wraps another one passes it on.
  /// The last piece has to come soon: the server waits for a second.
  /// \return whether such a piece follows; false, the default: the connection is cut
  virtual bool cut_short() noexcept { return false; }
  /// What takes the connection over after an answer 101, such as that of `accept_websocket`; null:
  /// nothing. A stream that wraps another one passes it on.
  virtual ConnectionUpgrade* upgrade() noexcept { return nullptr; }
};

/// A response whose head has been received.
struct StreamedResponse {
  StreamedResponse() = default;
  StreamedResponse(HttpResponse first, std::unique_ptr<BodyStream> rest)
      : head(std::move(first)), body(std::move(rest)) {}

  HttpResponse head = {};  ///< Its body is empty.
  std::unique_ptr<BodyStream> body = {};
};

/// A transport that can return a response before it is complete. Thread-safe.
class VX11_API StreamingTransport : public Transport {
 public:
  /// Sends `request` and returns once the head of the response has arrived, within `deadline`. Its
  /// stop token cancels the body, too. The caller keeps `request` alive until the task has
  /// completed.
  /// \return as `send`
  virtual Task<Result<StreamedResponse>> open(const HttpRequest& request, Deadline deadline) = 0;
  /// A temporary would be destroyed before the task runs.
  Task<Result<StreamedResponse>> open(const HttpRequest&& request, Deadline deadline) = delete;
};

}  // namespace v0
}  // namespace vx11
