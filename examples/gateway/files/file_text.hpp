#pragma once

#include <string>
#include <system_error>

#include <tl/expected.hpp>

namespace gateway {

/// The content of the file at `path`, or the system's error.
tl::expected<std::string, std::error_code> file_text(const std::string& path);

/// What to say of a file that cannot be read. Without its path unless there is such a file: a key
/// may have been given in place of its path.
std::string unreadable(const std::string& path, std::error_code error);

}  // namespace gateway
