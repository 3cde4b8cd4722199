#pragma once

/// \file
/// Error responses shared by the operator API and application routes. Internal.

#include <vx11/http_message.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// `{"error":word,"status_code":status}`; `word` must not need escaping.
HttpResponse error_answer(int status, std::string_view word);

/// For a path that exists, but not for `method`: 405, or 204 for OPTIONS; both set `allow`.
HttpResponse method_answer(std::string_view method, std::string_view allow);

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
