#pragma once

/// \file
/// Reason phrases of status codes. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// The phrase of a registered status (RFC 9110 §15 and the RFCs that extend it), else "Unknown".
std::string_view reason_phrase(int status) noexcept;

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
