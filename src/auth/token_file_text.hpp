#pragma once

/// \file
/// Reads files of tokens and of keys from disk. Internal.

#include <vx11/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

struct OwnersFile {
  std::string_view holds = {};  ///< What others could add to it: "tokens".
  std::size_t most_kib = 0;     ///< Larger ones are refused.
  bool is_secret = false;       ///< Refused if other users may read it; its group may.
};

/// The text of a regular file that only its owner may write.
/// \return `storage`, or `invalid_argument` for a file of another kind; both name the path
Result<std::string> owners_file_text(const std::string& path, const OwnersFile& kind);

/// The same for a token file, of at most 16 MiB.
/// \return `storage`, or `invalid_argument` for a file of another kind; both name the path
Result<std::string> token_file_text(const std::string& path);

}  // namespace v0
}  // namespace vx11
