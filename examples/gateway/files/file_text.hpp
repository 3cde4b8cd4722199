#pragma once

#include <cstddef>
#include <string>
#include <system_error>

#include <tl/expected.hpp>

namespace gateway {

/// What is read of a file. Configurations, keys, certificates and 10,000 tokens need far less; what
/// is larger was given by mistake, and would fill the memory.
inline constexpr std::size_t kMostFileBytes = std::size_t{16} * 1024 * 1024;

/// The content of the file at `path`, or the system's error; `file_too_large` for one that has more
/// than `most` bytes.
tl::expected<std::string, std::error_code> file_text(const std::string& path,
                                                     std::size_t most = kMostFileBytes);

/// What to say of a file that cannot be read. Without its path unless there is such a file: a key
/// may have been given in place of its path.
std::string unreadable(const std::string& path, std::error_code error);

}  // namespace gateway
