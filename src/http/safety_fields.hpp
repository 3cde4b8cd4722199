#pragma once

/// \file
/// The header fields that keep an answer from being cached or misread. Internal.

#include <vx11/export.hpp>
#include <vx11/http_message.hpp>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// Adds `Cache-Control: no-store` unless the answer has another, `nosniff` and `no-referrer`.
VX11_API void add_safety_fields(HttpResponse& answer);

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
