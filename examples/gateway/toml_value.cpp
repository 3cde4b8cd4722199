#include "toml_value.hpp"

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

/// The elements of a list, or nothing if one is of another type.
std::optional<std::string> joined(const toml::node& node, Shape shape) {
  const toml::array* const list = node.as_array();
  if (list == nullptr) return std::nullopt;
  const Shape of_elements = shape == Shape::integers ? Shape::integer : Shape::text;
  std::string all;
  for (const toml::node& element : *list) {
    const auto text = text_of(element, of_elements);
    if (!text) return std::nullopt;
    all += (all.empty() ? "" : shape == Shape::lines ? "\n" : ",") + *text;
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
  }
  return std::nullopt;
}

}  // namespace gateway
