#pragma once

/// \file
/// `Idempotency-Key` around any `HttpHandler`: a repeated request gets the first answer.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/idempotency_store.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Which requests are answered once, and how long others wait for that.
struct IdempotencyOptions {
  std::shared_ptr<IdempotencyStore> store = {};  ///< Required.
  /// The routes that read the key, as `HttpHandler::route` names them. Only POST does.
  std::vector<std::string> routes = {"/operator/chat/ask", "/operator/chat",
                                     "/v1/chat/completions"};
  /// How long a request waits for another one with its key, before it is answered 409. As long as
  /// a whole answer usually takes; a client that waits longer has other reasons to give up.
  Duration max_wait = std::chrono::seconds(60);
  /// The longest stream that is recorded; a longer one is not kept.
  std::size_t max_stream_bytes = std::size_t{1024} * 1024;
  /// As `OperatorApiOptions::cors_origins`: pages may read the refusals, too.
  std::vector<std::string> cors_origins{};
  SteadyClock clock = {};
  /// Counts the answers that `inner` did not make. Null: they are not counted.
  std::shared_ptr<RequestMetrics> metrics = {};
};

/// A handler that reads `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07), and
/// passes everything else on to `inner` unchanged.
///
/// | request with a key | answer |
/// |---|---|
/// | the first one | that of `inner` |
/// | the same content again | the first answer, with `Idempotent-Replayed: true` |
/// | while the first is in progress | waits for its answer; 409 after `max_wait` |
/// | another content | 422 |
/// | a malformed key, or two of them | 400 |
///
/// Keys belong to the principal of the admission and the route; the content is the body, `Accept`,
/// and the query. A key has 1 to 255 visible ASCII characters, or is a string of structured fields
/// (RFC 8941), in quotes, without these.
///
/// Answers with status 408, 409, 425, 429 and 5xx are not kept, nor those of requests that were
/// cancelled: a repeated request is tried again. Of streams the complete ones are kept, up to
/// `max_stream_bytes`, and replayed as one body. Thread-safe.
/// \return `invalid_argument` if a handler, the store or a limit is missing
VX11_API Result<std::shared_ptr<HttpHandler>> make_idempotent(std::shared_ptr<HttpHandler> inner,
                                                              IdempotencyOptions options);

}  // namespace v0
}  // namespace vx11
