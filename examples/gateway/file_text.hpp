#pragma once

#include <string>
#include <system_error>

#include <tl/expected.hpp>

namespace gateway {

/// All bytes of the file at `path`, or the system's reason why not.
tl::expected<std::string, std::error_code> file_text(const std::string& path);

}  // namespace gateway
