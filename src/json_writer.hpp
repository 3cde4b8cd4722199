#pragma once

/// \file
/// Writes JSON straight into a string, no document in between. Internal.

#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vx11::inline v0::json {

/// Values in the order they are written; the commas are its own business, brackets the caller's.
class Writer {
 public:
  explicit Writer(std::size_t expected_bytes = 256) { out_.reserve(expected_bytes); }

  Writer& open(char bracket);
  Writer& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  Writer& key(std::string_view name);
  /// A literal is ours and written as it is: none needs escaping.
  template <std::size_t N>
  Writer& key(const char (&name)[N]) {
    return plain_key(std::string_view(name, N - 1));
  }
  /// The same for a name of ours that is chosen at run time.
  Writer& plain_key(std::string_view name);
  /// All members of `object`, which is JSON without space around it.
  Writer& members_of(std::string_view object);
  Writer& string(std::string_view value);
  Writer& integer(std::int64_t value);
  Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  /// Milliseconds with three decimals: what monitoring of microsecond paths can still use.
  Writer& milliseconds(Duration value);
  /// `json` as it is.
  Writer& raw(std::string_view json);

  std::string take() && { return std::move(out_); }

 private:
  /// What was written last tells whether a comma is due; values end in none of these.
  void separate();

  std::string out_ = {};
};

}  // namespace vx11::inline v0::json
