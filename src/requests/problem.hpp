#pragma once

/// \file
/// An error of an API as problem details (RFC 9457). Internal.

#include <vx11/http_message.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// Rewrites an error whose body is a JSON object; leaves every other answer unchanged.
void make_problem(HttpResponse& answer, std::string_view type_base);

}  // namespace requests
}  // namespace v0
}  // namespace vx11
