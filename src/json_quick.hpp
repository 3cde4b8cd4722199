#pragma once

/// \file
/// A fast reader for the JSON that programs usually send. Internal.

#include <span>
#include <string_view>

#include "json.hpp"

namespace vx11::inline v0::json {

/// Reads `text` like `scan_object`, if it is an object of the usual kind. \return false if it is
/// not JSON, or JSON with something unusual in it (`\u`, an exponent, many digits); then `found` is
/// of no use and the library has to read it. What is accepted here the library accepts, too, with
/// the same outcome: docs/design/json.md.
bool scan_quickly(std::string_view text, std::span<const std::string_view> wanted, Scanned& found);

}  // namespace vx11::inline v0::json
