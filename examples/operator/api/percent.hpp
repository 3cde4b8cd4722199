#pragma once

/// \file
/// Percent-encoding of path segments. Internal.

#include <string>
#include <string_view>

namespace backend {

/// `text` as one segment of a path (RFC 3986 §3.3): all but unreserved characters are encoded.
std::string percent_encoded(std::string_view text);

}  // namespace backend
