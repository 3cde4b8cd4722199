#pragma once

/// \file
/// The header fields that every answer has, around any `HttpHandler`.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// What is added beside ids and the fields that need no choice.
struct AnswerFieldsOptions {
  /// `Referrer-Policy`: a page opened from an answer does not learn its address, which names
  /// sessions and services. Empty: no such field.
  std::string referrer_policy = "no-referrer";
  /// `Strict-Transport-Security: max-age=…`, in whole seconds: browsers use no plain HTTP with this
  /// host for that long. Set it only where all clients come by TLS, and raise it in steps, because
  /// it cannot be taken back. Zero: no such field.
  std::chrono::seconds hsts_max_age = std::chrono::seconds(0);
};

/// A handler that adds to the answers of `inner`, refusals included, the fields they lack:
/// `X-Request-Id` (the client's `X-Request-Id` or `X-Correlation-Id` if it has 1 to 128 letters,
/// digits and harmless marks, else a new one), `X-Content-Type-Options: nosniff`,
/// `Cache-Control: no-store`, and those of `options`. The APIs of this library add all but the last
/// themselves. Thread-safe.
/// \return `invalid_argument` if the handler is null, a time is negative, or the policy is no word
VX11_API Result<std::shared_ptr<HttpHandler>> make_answer_fields(std::shared_ptr<HttpHandler> inner,
                                                                 AnswerFieldsOptions options = {});

}  // namespace v0
}  // namespace vx11
