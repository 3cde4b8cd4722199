#pragma once

/// \file
/// Writes JSON straight into a string, no document in between. Internal.

#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace json {

/// Values in the order they are written; the commas are its own business, brackets the caller's.
class Writer {
 public:
  explicit Writer(std::size_t expected_bytes = 256) : out_(expected_bytes, '\0') {}

  Writer& open(char bracket) { return wrote(put(room(1), bracket), false); }
  Writer& close(char bracket) {
    comma_ = false;
    return wrote(put(room(1), bracket), true);
  }
  Writer& key(std::string_view name);
  /// A literal is ours and written as it is: none needs escaping.
  template <std::size_t N>
  Writer& key(const char (&name)[N]) {
    return plain_key(std::string_view(name, N - 1));
  }
  /// The same for a name of ours that is chosen at run time.
  Writer& plain_key(std::string_view name) {
    char* to = put(put(room(name.size() + 3), '"'), name);
    return wrote(put(put(to, '"'), ':'), false);
  }
  /// All members of `object`, which is JSON without space around it.
  Writer& members_of(std::string_view object);
  Writer& string(std::string_view value);
  Writer& integer(std::int64_t value);
  Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  /// Milliseconds with three decimals: what monitoring of microsecond paths can still use.
  Writer& milliseconds(Duration value);
  /// `json` as it is.
  Writer& raw(std::string_view json) { return wrote(put(room(json.size()), json), true); }

  std::string take() && {
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  Writer& escaped(std::string_view value);
  /// Where so many bytes may be written, behind a comma if one is due.
  char* room(std::size_t bytes) {
    if (out_.size() - size_ <= bytes) grow(bytes);
    char* const to = out_.data() + size_;
    if (comma_) *to = ',';
    return comma_ ? to + 1 : to;
  }
  void grow(std::size_t bytes);

  static char* put(char* to, char c) noexcept {
    *to = c;
    return to + 1;
  }
  static char* put(char* to, std::string_view bytes) noexcept {
    return to + bytes.copy(to, bytes.size());
  }
  Writer& wrote(const char* end, bool comma_next) noexcept {
    size_ = static_cast<std::size_t>(end - out_.data());
    comma_ = comma_next;
    return *this;
  }

  std::string out_;       ///< What is written, and room for more.
  std::size_t size_ = 0;  ///< So much of it is written.
  bool comma_ = false;    ///< Whether the next value or key stands behind another.
};

/// Joins two JSON objects given as text by putting the members of `more` behind those of `object`.
std::string merge_objects(std::string_view object, std::string_view more);

}  // namespace json
}  // namespace v0
}  // namespace vx11
