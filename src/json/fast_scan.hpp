#pragma once

/// \file
/// A fast reader for the JSON that programs usually send. Internal.

#include <span>
#include <string>
#include <string_view>

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

/// Reads `text` like `scan_object`, if it is an object of the usual kind, and like `split_object`
/// if there is a `rest` to put the rest in. \return false if it is not JSON, or JSON with something
/// unusual in it (`\u`, an exponent, many digits); then what was found is of no use and the library
/// has to read it. What is accepted here the library accepts, too, with the same outcome:
/// docs/design/json.md.
bool scan_quickly(std::string_view text, std::span<const std::string_view> wanted, Scanned& found,
                  std::string* rest = nullptr);

}  // namespace json
}  // namespace v0
}  // namespace vx11
