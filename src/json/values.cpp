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

std::string_view from_first_item(std::string_view array) noexcept {
  if (!array.starts_with('[')) return {};
  array.remove_prefix(skip_space(array, 1));
  return array.starts_with(']') ? std::string_view() : array;
}

ObjectItems::ObjectItems(std::string_view object) noexcept : object_(object) {
  if (object_.starts_with("\xEF\xBB\xBF")) object_.remove_prefix(3);
  at_ = skip_space(object_, 0);
  at_ = at_ < object_.size() && object_[at_] == '{' ? at_ + 1 : object_.size();
}

std::optional<ObjectItems::Item> ObjectItems::next() noexcept {
  at_ = skip_space(object_, at_);
  if (at_ >= object_.size() || object_[at_] != '"') return std::nullopt;
  const std::size_t begin = at_ + 1;
  const std::size_t end = end_of_string(object_, at_);
  const std::size_t value = skip_space(object_, skip_space(object_, end) + 1);
  at_ = end_of_value(object_, value);
  const Item item = {object_.substr(begin, end - begin - 1),
                     trimmed(object_.substr(value, at_ - value), kJsonSpace)};
  at_ = at_ < object_.size() && object_[at_] == ',' ? at_ + 1 : object_.size();
  return item;
}

std::string text_of(std::string_view value) {
  return value.starts_with('"') ? decoded(value.substr(1, value.size() - 2)) : std::string();
}

bool is_whole(std::string_view value, std::string_view digits) noexcept {
  if (!value.starts_with(digits)) return false;
  value.remove_prefix(digits.size());
  const bool has_fraction = value.starts_with('.');
  return value.empty() || (has_fraction && value.find_first_not_of('0', 1) == value.npos);
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
