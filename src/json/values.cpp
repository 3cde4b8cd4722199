#include "json/values.hpp"

#include <algorithm>
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

namespace {

/// The position after the comma that follows a value; the end if a bracket does.
std::size_t after_comma(std::string_view json, std::size_t at) noexcept {
  at = skip_space(json, at);
  return at < json.size() && json[at] == ',' ? at + 1 : json.size();
}

}  // namespace

ArrayItems::ArrayItems(std::string_view array) noexcept
    : array_(array.starts_with('[') ? array : std::string_view()), at_(1) {}

std::string_view ArrayItems::rest() noexcept {
  at_ = std::min(skip_space(array_, at_), array_.size());
  const std::string_view rest = array_.substr(at_);
  return rest.starts_with(']') ? std::string_view() : rest;
}

void ArrayItems::pass(std::size_t size) noexcept {
  at_ = after_comma(array_, at_ + size);
}

std::optional<std::string_view> ArrayItems::next() noexcept {
  const std::string_view items = rest();
  if (items.empty()) return std::nullopt;
  const std::size_t size = end_of_value(items, 0);
  pass(size);
  return trimmed(items.substr(0, size), kJsonSpace);
}

ObjectItems::ObjectItems(std::string_view object) noexcept : object_(object) {
  if (object_.starts_with("\xEF\xBB\xBF")) object_.remove_prefix(3);
  at_ = skip_space(object_, 0);
  at_ = at_ < object_.size() && object_[at_] == '{' ? at_ + 1 : object_.size();
}

std::optional<std::string_view> ObjectItems::next_name() noexcept {
  at_ = skip_space(object_, at_);
  if (at_ >= object_.size() || object_[at_] != '"') return std::nullopt;
  const std::size_t begin = at_ + 1;
  const std::size_t end = end_of_string(object_, at_);
  at_ = skip_space(object_, skip_space(object_, end) + 1);
  return object_.substr(begin, end - begin - 1);
}

void ObjectItems::pass(std::size_t size) noexcept {
  at_ = after_comma(object_, at_ + size);
}

std::string_view ObjectItems::value() noexcept {
  const std::size_t begin = at_;
  const std::size_t end = end_of_value(object_, begin);
  pass(end - begin);
  return trimmed(object_.substr(begin, end - begin), kJsonSpace);
}

std::optional<ObjectItems::Item> ObjectItems::next() noexcept {
  const auto name = next_name();
  if (!name) return std::nullopt;
  return Item{*name, value()};
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
