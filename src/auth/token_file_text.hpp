#pragma once

/// \file
/// Reads token files from disk. Internal.

#include <vx11/result.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {

/// The text of a regular file that only its owner may write, of at most 16 MiB.
/// \return `storage`, or `invalid_argument` for a file of another kind; both name the path
Result<std::string> token_file_text(const std::string& path);

}  // namespace v0
}  // namespace vx11
