#include "json/strings.hpp"

#include <nlohmann/json.hpp>

namespace vx11 {
inline namespace v0 {
namespace json {

std::vector<Element> elements(std::string_view array) {
  // scan_object has already limited the depth, so building a document is safe.
  const auto document = nlohmann::json::parse(array.begin(), array.end(), nullptr, false);
  std::vector<Element> elements;
  if (!document.is_array()) return elements;
  elements.reserve(document.size());
  for (const auto& element : document) {
    const auto* text = element.get_ptr<const std::string*>();
    elements.push_back(text != nullptr ? Element{true, *text} : Element{});
  }
  return elements;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
