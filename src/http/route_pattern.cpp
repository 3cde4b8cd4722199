#include "http/route_pattern.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

namespace {

/// The segments between slashes; the pattern begins with the first slash.
std::vector<std::string_view> segments_of(std::string_view pattern) {
  std::vector<std::string_view> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    segments.push_back(pattern.substr(0, pattern.find('/')));
    pattern.remove_prefix(segments.back().size());
  }
  return segments;
}

bool is_placeholder(std::string_view segment) noexcept {
  return segment.starts_with('{');
}

bool is_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_path_character(char c) noexcept {
  return c > ' ' && c <= '~' && c != '?' && c != '#';
}

bool is_good_segment(std::string_view segment) noexcept {
  if (segment.find_first_of("{}") == std::string_view::npos) return true;
  return segment.size() > 2 && is_placeholder(segment) && segment.ends_with('}') &&
         is_name(segment.substr(1, segment.size() - 2));
}

/// One character per segment, so that comparing the texts compares specificity.
std::string kinds_of(std::string_view pattern) {
  std::string kinds;
  for (const std::string_view segment : segments_of(pattern)) {
    kinds += is_placeholder(segment) ? '1' : '0';
  }
  return kinds;
}

}  // namespace

std::optional<std::string> mistake_in_pattern(std::string_view pattern) {
  if (!pattern.starts_with('/')) return "must begin with '/'";
  if (!std::all_of(pattern.begin(), pattern.end(), is_path_character)) {
    return "must be a path of visible ASCII characters, without query; percent-encode others";
  }
  std::vector<std::string_view> segments = segments_of(pattern);
  for (const std::string_view segment : segments) {
    if (is_good_segment(segment)) continue;
    return fmt::format(
        "'{}' must be a literal segment or a whole one such as {{id}}, "
        "its name of letters, digits and '_'",
        segment);
  }
  const auto literals = std::remove_if(segments.begin(), segments.end(),
                                       [](auto segment) { return !is_placeholder(segment); });
  segments.erase(literals, segments.end());
  std::sort(segments.begin(), segments.end());
  const auto twice = std::adjacent_find(segments.begin(), segments.end());
  if (twice == segments.end()) return std::nullopt;
  return fmt::format("{} occurs twice", *twice);
}

std::string shape_of(std::string_view pattern) {
  std::string shape;
  for (const std::string_view segment : segments_of(pattern)) {
    shape.append("/").append(is_placeholder(segment) ? "{}" : segment);
  }
  return shape;
}

bool is_more_specific(std::string_view pattern, std::string_view than) {
  return kinds_of(pattern) < kinds_of(than);
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
