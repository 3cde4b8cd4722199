#pragma once

/// \file
/// The trace that a request belongs to. Internal.

#include <vx11/headers.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The trace id of a valid `traceparent` (W3C Trace Context, level 1 §3.2); else empty.
std::string_view trace_id_of(const Headers& headers) noexcept;

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
