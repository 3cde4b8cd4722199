#pragma once

/// \file
/// Compression of what is sent.

#include <optional>
#include <string>
#include <string_view>

namespace gateway {

/// `text` in the format of gzip (RFC 1952); none if there is no memory for it.
std::optional<std::string> gzipped(std::string_view text);

}  // namespace gateway
