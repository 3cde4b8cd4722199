#pragma once

/// \file
/// Errors in the forms of both APIs, and the fields that every answer has. Internal.

#include <vx11/http_message.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The form in which a client expects errors.
enum class ErrorForm : std::uint8_t {
  operator_contract,  ///< `{"error","status_code"}`
  openai,             ///< `{"error":{"message","type","param","code"}}`
};

/// The body of an error in OpenAI's form; the type follows from the status.
/// \param param the member that is wrong; empty: null
std::string openai_error(int status, std::string_view code, std::string_view message,
                         std::string_view param = {});

/// A refusal by a handler around the APIs, with the fields of every answer and the request's id.
/// \param code a word that needs no escaping
/// \param message what to do; only in OpenAI's form
HttpResponse refusal(ErrorForm form, const HttpRequest& request, int status, std::string_view code,
                     std::string_view message);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
