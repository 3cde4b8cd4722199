#pragma once

/// \file
/// Reason phrases of status codes. Internal.

#include <vx11/export.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The phrase of a registered status (RFC 9110 §15 and the RFCs that extend it), else "Unknown".
VX11_API std::string_view reason_phrase(int status) noexcept;

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
