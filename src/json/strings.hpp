#pragma once

/// \file
/// Lists of strings in JSON. Internal.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace json {

/// One element of an array: its text if it is a string.
struct Element {
  bool is_string = false;
  std::string text = {};
};

/// The first `most` elements of `array`, the text of a JSON array as returned by `scan_object`;
/// empty for anything else.
std::vector<Element> elements(std::string_view array, std::size_t most);

}  // namespace json
}  // namespace v0
}  // namespace vx11
