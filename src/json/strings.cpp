#include "json/strings.hpp"

#include <optional>

#include "json/text.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

std::vector<Element> elements(std::string_view array, std::size_t most) {
  std::vector<Element> found;
  ArrayItems items(array);
  while (found.size() < most) {
    const std::optional<std::string_view> item = items.next();
    if (!item) break;
    Element& element = found.emplace_back();
    element.is_string = item->starts_with('"');
    if (element.is_string) element.text = decoded(item->substr(1, item->size() - 2));
  }
  return found;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
