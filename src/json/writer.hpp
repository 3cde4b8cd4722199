#pragma once

/// \file
/// Writes JSON directly into a string, without building a document. Internal.

#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace json {

/// Writes values in order. It adds the commas; the caller adds the brackets.
class Writer {
 public:
  explicit Writer(std::size_t expected_bytes = 256) : out_(expected_bytes, '\0') {}

  Writer& open(char bracket) { return wrote(put(room(1), bracket), false); }
  Writer& close(char bracket) {
    comma_ = false;
    return wrote(put(room(1), bracket), true);
  }
  Writer& key(std::string_view name);
  /// Literals are written unchanged: none needs escaping.
  template <std::size_t N>
  Writer& key(const char (&name)[N]) {
    return plain_key(std::string_view(name, N - 1));
  }
  /// The same for a name that is chosen at run time and needs no escaping.
  Writer& plain_key(std::string_view name) {
    char* to = put(put(room(name.size() + 3), '"'), name);
    return wrote(put(put(to, '"'), ':'), false);
  }
  /// Writes all members of `object`, which is JSON without whitespace around it.
  Writer& members_of(std::string_view object);
  Writer& string(std::string_view value);
  Writer& integer(std::int64_t value);
  Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  /// Milliseconds with three decimals: a microsecond is the finest step that monitoring needs.
  Writer& milliseconds(Duration value);
  /// Writes `json` unchanged.
  Writer& raw(std::string_view json) { return wrote(put(room(json.size()), json), true); }

  std::string take() && {
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  Writer& escaped(std::string_view value);
  /// Returns room for `bytes` bytes, after a comma if one is due.
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

  std::string out_;       ///< The text written, and spare room.
  std::size_t size_ = 0;  ///< The number of bytes written.
  bool comma_ = false;    ///< Whether the next value or key needs a comma before it.
};

/// Merges two JSON objects given as text: the members of `more` follow those of `object`.
std::string merge_objects(std::string_view object, std::string_view more);

}  // namespace json
}  // namespace v0
}  // namespace vx11
