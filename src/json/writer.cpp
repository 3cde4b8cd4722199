#include "json/writer.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "json/text.hpp"
#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

/// The text between the braces of an object.
std::string_view inside(std::string_view object) noexcept {
  const std::string_view whole = trimmed(object, kJsonSpace);
  return whole.size() < 2 ? std::string_view()
                          : trimmed(whole.substr(1, whole.size() - 2), kJsonSpace);
}

}  // namespace

void Writer::grow(std::size_t bytes) {
  out_.resize(std::max(2 * out_.size(), size_ + bytes + 1));
}

Writer& Writer::key(std::string_view name) {
  string(name);
  comma_ = false;
  return wrote(put(room(1), ':'), false);
}

Writer& Writer::members_of(std::string_view object) {
  if (object == "{}") return *this;
  return raw(object.substr(1, object.size() - 2));
}

Writer& Writer::string(std::string_view value) {
  // Validated where it is written, with readable room behind it.
  char* const to = put(room(value.size() + 2 + kStep), '"');
  char* const end = put(to, value);
  if (!all_plain(to, value.size())) return escaped(value);
  return wrote(put(end, '"'), true);
}

Writer& Writer::escaped(std::string_view value) {
  wrote(put(room(value.size() + 2), '"'), false);
  for (;;) {
    const std::size_t plain = skip_plain_or_utf8(value, 0);
    wrote(put(room(plain), value.substr(0, plain)), false);
    if (plain == value.size()) break;
    wrote(write_escaped(room(kMostEscaped), value[plain]), false);
    value.remove_prefix(plain + 1);
  }
  return wrote(put(room(1), '"'), true);
}

Writer& Writer::integer(std::int64_t value) {
  constexpr std::size_t kMostDigits = 20;
  char* const to = room(kMostDigits);
  return wrote(std::to_chars(to, to + kMostDigits, value).ptr, true);
}

Writer& Writer::milliseconds(Duration value) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(value).count();
  const auto rest = static_cast<int>(micros % 1000);
  integer(micros / 1000);
  comma_ = false;
  char* to = put(room(4), '.');
  for (const int digit : {rest / 100, rest / 10 % 10, rest % 10}) {
    to = put(to, static_cast<char>('0' + digit));
  }
  return wrote(to, true);
}

std::string merge_objects(std::string_view object, std::string_view more) {
  const std::string_view first = inside(object);
  const std::string_view second = inside(more);
  std::string out;
  out.reserve(first.size() + second.size() + 3);
  out += '{';
  out += first;
  if (!first.empty() && !second.empty()) out += ',';
  out += second;
  out += '}';
  return out;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
