#include "json/values.hpp"

#include <charconv>
#include <system_error>

#include "json/text.hpp"
#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

std::size_t skip_space(std::string_view json, std::size_t at) noexcept {
  while (at < json.size() && is_space(json[at])) ++at;
  return at;
}

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

ArrayItems::ArrayItems(std::string_view array) noexcept
    : array_(array.starts_with('[') ? array : std::string_view()), at_(1) {}

std::optional<std::string_view> ArrayItems::next() noexcept {
  at_ = skip_space(array_, at_);
  if (at_ >= array_.size() || array_[at_] == ']') return std::nullopt;
  const std::size_t begin = at_;
  const std::size_t end = end_of_value(array_, begin);
  at_ = end < array_.size() && array_[end] == ',' ? end + 1 : array_.size();
  return trimmed(array_.substr(begin, end - begin), kJsonSpace);
}

std::optional<std::uint64_t> natural(std::string_view number) noexcept {
  std::uint64_t value = 0;
  const char* const end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
