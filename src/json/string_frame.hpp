#pragma once

/// \file
/// `StringFrame`: JSON texts that differ in one string. Internal.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "json/text.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

/// Whether `inner` is a view into `outer`, which has at least a byte on either side of it.
inline bool lies_inside(std::string_view outer, std::string_view inner) noexcept {
  constexpr std::less<const char*> before;
  return before(outer.data(), inner.data()) &&
         before(inner.data() + inner.size(), outer.data() + outer.size());
}

/// The text around one string of a JSON text. The chunks of a stream differ in a word, and another
/// text with the same frame is read by two comparisons: it is valid JSON as well, and all its other
/// values are the same.
class StringFrame {
 public:
  /// \param json valid; if it is unusually long, no text matches from now on
  /// \param inside what stands between the quotes of a string of it, as a view into `json`
  void remember(std::string_view json, std::string_view inside) {
    around_.clear();
    if (json.size() - inside.size() > kMost) return;
    before_ = static_cast<std::size_t>(inside.data() - json.data());
    around_.reserve(json.size() - inside.size());
    around_.append(json, 0, before_).append(json, before_ + inside.size());
  }

  /// \return what stands in the place of the string, if the rest of `json` is as remembered; none
  ///         if it is empty or has escapes
  std::optional<std::string_view> match(std::string_view json) const noexcept {
    if (around_.empty() || json.size() <= around_.size()) return std::nullopt;
    const std::string_view around = around_;
    const std::size_t end = json.size() - (around.size() - before_);
    if (!json.starts_with(around.substr(0, before_))) return std::nullopt;
    if (json.substr(end) != around.substr(before_)) return std::nullopt;
    if (skip_plain_or_utf8(json, before_) != end) return std::nullopt;
    return json.substr(before_, end - before_);
  }

 private:
  /// A stream holds its frame to its end.
  static constexpr std::size_t kMost = 1024;

  std::string around_ = {};
  std::size_t before_ = 0;
};

}  // namespace json
}  // namespace v0
}  // namespace vx11
