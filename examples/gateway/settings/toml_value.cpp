#include "gateway/settings/toml_value.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace gateway {

namespace {

std::optional<std::string> integer_text(const toml::node& node) {
  if (!node.is_integer()) return std::nullopt;
  return std::to_string(*node.value<std::int64_t>());
}

std::optional<std::string> number_text(const toml::node& node) {
  if (!node.is_floating_point()) return integer_text(node);
  return fmt::format("{}", *node.value<double>());
}

std::string separator_of(Shape shape) {
  return shape == Shape::lines ? "\n" : ",";
}

/// The elements of a list, or nothing if one is of another type.
std::optional<std::string> joined(const toml::node& node, Shape shape) {
  const toml::array* const list = node.as_array();
  if (list == nullptr) return std::nullopt;
  const Shape of_elements = shape == Shape::integers ? Shape::integer : Shape::text;
  std::string all;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto text = text_of((*list)[i], of_elements);
    if (!text) return std::nullopt;
    all += (i == 0 ? "" : separator_of(shape)) + *text;
  }
  return all;
}

/// `key=value` of each entry, a line each; nothing if a value is no text, or an entry has a line
/// break.
std::optional<std::string> entries(const toml::node& node) {
  if (!node.is_table()) return std::nullopt;
  std::string all;
  for (const auto& [key, value] : *node.as_table()) {
    const auto text = value.value_exact<std::string>();
    if (!text) return std::nullopt;
    const std::string entry = fmt::format("{}={}", key.str(), *text);
    if (entry.find('\n') != std::string::npos) return std::nullopt;
    all += (all.empty() ? "" : "\n") + entry;
  }
  return all;
}

}  // namespace

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a decimal number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

Complaint mistake_of_elements(const toml::node& node, Shape shape) {
  const toml::array* const list = node.as_array();
  if (list == nullptr || (shape != Shape::list && shape != Shape::lines)) return std::nullopt;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto text = text_of((*list)[i], Shape::text);
    if (!text) continue;
    if (text->empty()) return fmt::format("element {} is empty; delete it", i + 1);
    if (text->find(separator_of(shape)) == std::string::npos) continue;
    return fmt::format("element {} has a {}; write an element for each part", i + 1,
                       shape == Shape::lines ? "line break" : "comma");
  }
  return std::nullopt;
}

std::optional<std::string> text_of(const toml::node& node, Shape shape) {
  switch (shape) {
    case Shape::text:
      return node.value_exact<std::string>();
    case Shape::boolean:
      if (!node.is_boolean()) return std::nullopt;
      return *node.value<bool>() ? "true" : "false";
    case Shape::integer:
      return integer_text(node);
    case Shape::number:
      return number_text(node);
    case Shape::list:
    case Shape::lines:
    case Shape::integers:
      return joined(node, shape);
    case Shape::table:
      return entries(node);
  }
  return std::nullopt;
}

}  // namespace gateway
