#include "json_writer.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include "json.hpp"

namespace vx11::inline v0::json {

void Writer::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

Writer& Writer::open(char bracket) {
  separate();
  out_ += bracket;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  return *this;
}

Writer& Writer::plain_key(std::string_view name) {
  separate();
  out_ += '"';
  out_ += name;
  out_ += "\":";
  return *this;
}

Writer& Writer::members_of(std::string_view object) {
  if (object == "{}") return *this;
  return raw(object.substr(1, object.size() - 2));
}

Writer& Writer::string(std::string_view value) {
  separate();
  append_string(out_, value);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return raw(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

Writer& Writer::milliseconds(Duration value) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(value).count();
  const auto rest = static_cast<int>(micros % 1000);
  integer(micros / 1000);
  out_ += '.';
  for (const int digit : {rest / 100, rest / 10 % 10, rest % 10}) {
    out_ += static_cast<char>('0' + digit);
  }
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace vx11::inline v0::json
