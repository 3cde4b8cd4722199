#pragma once

/// \file
/// Errors in the form of the OpenAI API. Internal.

#include <vx11/http_message.hpp>
#include <vx11/router.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace completions {

/// An error of the API. Views: valid while it is written.
struct ApiError {
  ApiError(int status, std::string_view code, std::string_view message,
           std::string_view param = {}) noexcept
      : status(status), code(code), message(message), param(param) {}

  int status;
  std::string_view code;     ///< A word of the operator contract, or OpenAI's.
  std::string_view message;  ///< The library's own text.
  std::string_view param;    ///< The member that is wrong; empty: null.
};

/// `{"error":{"message","type","param","code"}}`. One below 500 says that a retry is useless.
HttpResponse error_response(const ApiError& error);

/// No target answered.
/// \param router the one that was asked
/// \param longest the most that `Retry-After` may say
HttpResponse failure_response(const ChatFailure& failure, const Router& router,
                              std::chrono::seconds longest);

/// `{"error":{…}}` alone, for an event of a stream.
std::string error_body(const ApiError& error);

/// The server stops before an answer is complete.
ApiError shutdown_error() noexcept;

/// The body of an error for a stream that broke off.
std::string broken_off(const std::string& source, Errc code);

}  // namespace completions
}  // namespace v0
}  // namespace vx11
