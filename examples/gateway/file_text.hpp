#pragma once

#include <string>
#include <system_error>

#include <tl/expected.hpp>

namespace gateway {

/// The content of the file at `path`, or the system's error.
tl::expected<std::string, std::error_code> file_text(const std::string& path);

}  // namespace gateway
