#include "json/strings.hpp"

#include "json/text.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

std::size_t skip_space(std::string_view json, std::size_t at) noexcept {
  while (at < json.size() && is_space(json[at])) ++at;
  return at;
}

/// The position after the value at `at`, in the valid JSON of an array.
std::size_t end_of_value(std::string_view json, std::size_t at) noexcept {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    const bool closes = c == ']' || c == '}';
    if (depth == 0 && (c == ',' || closes)) break;
    if (c == '[' || c == '{') ++depth;
    if (closes) --depth;
    at = c == '"' ? end_of_string(json, at) : at + 1;
  }
  return at;
}

}  // namespace

std::vector<Element> elements(std::string_view array, std::size_t most) {
  std::vector<Element> found;
  if (!array.starts_with('[')) return found;
  for (std::size_t at = 1; found.size() < most; ++at) {
    at = skip_space(array, at);
    if (at >= array.size() || array[at] == ']') break;
    Element& element = found.emplace_back();
    element.is_string = array[at] == '"';
    if (element.is_string) {
      const std::size_t end = end_of_string(array, at);
      element.text = decoded(array.substr(at + 1, end - at - 2));
    }
    at = end_of_value(array, at);
    if (at >= array.size() || array[at] == ']') break;
  }
  return found;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
