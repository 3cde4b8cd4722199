#pragma once

/// \file
/// Changes token files.

#include <vx11/result.hpp>
#include <vx11/token_file.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gateway {

/// What becomes of a file that does not exist.
enum class MissingFile : std::uint8_t { created, refused };

/// Changes the entries; an error leaves the file as it is.
using TokenChange = std::function<vx11::Result<void>(std::vector<vx11::TokenEntry>&)>;

/// Reads the file at `path`, changes its entries and replaces it as one step, which survives a
/// crash: readers see the old text or the new one. Waits for other processes that edit a token file
/// in the same folder. Mode and owner stay as they are; a new file is for its owner alone (0600).
/// A symbolic link stays, and its target is replaced.
/// \return the error of `change`, of `vx11::read_token_file`, or `storage`
vx11::Result<void> edit_token_file(const std::string& path, MissingFile if_missing,
                                   const TokenChange& change);

}  // namespace gateway
