#pragma once

/// \file
/// Which request methods are safe and which are idempotent (RFC 9110 §9.2).

#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Whether the method is safe, that is read-only (RFC 9110 §9.2.1). Methods are case-sensitive; an
/// unregistered method is not safe.
constexpr bool is_safe(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

/// Whether the method is idempotent (RFC 9110 §9.2.2), so that a client may repeat the request
/// after a connection failure.
constexpr bool is_idempotent(std::string_view method) noexcept {
  return is_safe(method) || method == "PUT" || method == "DELETE";
}

}  // namespace v0
}  // namespace vx11
