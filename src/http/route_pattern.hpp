#pragma once

/// \file
/// Path patterns of routes: `/operator/session/{id}`. Internal.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The path of a request target, without the query.
inline std::string_view path_of(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

/// A path in which `{name}` matches one non-empty segment. Refers to the pattern's text, and stores
/// the length of its literal prefix, so that routes that do not match are rejected cheaply.
class PathPattern {
 public:
  constexpr PathPattern(const char* text) noexcept : PathPattern(std::string_view(text)) {}
  constexpr PathPattern(std::string_view text) noexcept
      : text_(text), literal_(text.substr(0, text.find('{'))) {}

  constexpr std::string_view text() const noexcept { return text_; }

  /// Whether `path` matches. Calls `on_argument(name, segment)` for each name up to the first
  /// mismatch; segments are still percent-encoded.
  template <class OnArgument>
  bool matches(std::string_view path, OnArgument&& on_argument) const {
    if (literal_.size() == text_.size()) return path == text_;
    return path.starts_with(literal_) &&
           matches_from_name(text_.substr(literal_.size()), path.substr(literal_.size()),
                             on_argument);
  }

 private:
  template <class OnArgument>
  static bool matches_from_name(std::string_view pattern, std::string_view path,
                                OnArgument& on_argument) {
    const std::size_t close = pattern.find('}');
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty()) return false;
    on_argument(pattern.substr(1, close - 1), segment);
    return PathPattern(pattern.substr(close + 1)).matches(path.substr(segment.size()), on_argument);
  }

  std::string_view text_;
  std::string_view literal_;
};

/// What is wrong with an application's pattern; none if it is valid.
std::optional<std::string> mistake_in_pattern(std::string_view pattern);

/// The pattern without its names: patterns of equal shape match the same paths.
std::string shape_of(std::string_view pattern);

/// Orders patterns by specificity: of those that match one path, the one with the earliest literal
/// segment where the other has a name comes first.
bool is_more_specific(std::string_view pattern, std::string_view than);

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
