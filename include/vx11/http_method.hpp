#pragma once

/// \file
/// Which request methods are safe and which may be repeated (RFC 9110 §9.2).

#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Whether a request of this method asks for nothing but information (RFC 9110 §9.2.1). Methods are
/// case-sensitive; one that is not registered there is not safe.
constexpr bool is_safe(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

/// Whether sending a request of this method twice has the effect of sending it once (RFC 9110
/// §9.2.2), so that a client may repeat it after a connection broke.
constexpr bool is_idempotent(std::string_view method) noexcept {
  return is_safe(method) || method == "PUT" || method == "DELETE";
}

}  // namespace v0
}  // namespace vx11
