#pragma once

/// \file
/// How a message says where its body ends. Internal to `vx11/httplib.hpp`.

#include <vx11/http_message.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// RFC 9110 §5.6.2.
inline bool is_token(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789!#$%&'*+-.^_`|~") == std::string_view::npos;
}

/// Whether a header may carry it: no control bytes but the tab (RFC 9110 §5.5).
inline bool is_field_value(std::string_view text) noexcept {
  return std::ranges::none_of(text,
                              [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

/// Whether one of the comma-separated words of one of the headers `name` is `word`.
inline bool has_word(const httplib::Headers& headers, std::string_view name,
                     std::string_view word) {
  for (const auto& [key, value] : headers) {
    if (!equals_ignoring_case(key, name)) continue;
    for (std::string_view left = value; !left.empty();) {
      const auto comma = std::min(left.find(','), left.size());
      std::string_view each = left.substr(0, comma);
      each.remove_prefix(std::min(each.find_first_not_of(" \t"), each.size()));
      if (equals_ignoring_case(each.substr(0, each.find_last_not_of(" \t") + 1), word)) return true;
      left.remove_prefix(std::min(comma + 1, left.size()));
    }
  }
  return false;
}

/// Where the body of a message ends.
struct Framing {
  enum class Kind : unsigned char {
    none,     ///< The headers do not say that there is a body.
    length,   ///< After `length` bytes.
    chunked,  ///< After the last chunk.
    broken,   ///< The headers contradict each other, or two readers could understand them
              ///< differently.
  };
  Kind kind = Kind::none;
  std::uint64_t length = 0;

  bool body() const noexcept { return kind != Kind::none && (kind != Kind::length || length > 0); }
};

/// Reads it strictly (RFC 9112 §6.3): cpp-httplib takes the first of several lengths, and a length
/// as far as it has digits, so that what it leaves unread would be taken for the next message.
inline Framing framing_of(const httplib::Headers& headers) {
  const Framing broken{.kind = Framing::Kind::broken};
  Framing framing;
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) return broken;
    if (equals_ignoring_case(name, "Transfer-Encoding")) {
      if (framing.kind != Framing::Kind::none || !equals_ignoring_case(value, "chunked")) {
        return broken;
      }
      framing.kind = Framing::Kind::chunked;
    } else if (equals_ignoring_case(name, "Content-Length")) {
      std::uint64_t length = 0;
      const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), length);
      const bool number = failed == std::errc() && end == value.data() + value.size();
      const bool again = framing.kind == Framing::Kind::length && framing.length == length;
      if (!number || (framing.kind != Framing::Kind::none && !again)) return broken;
      framing = {.kind = Framing::Kind::length, .length = length};
    }
  }
  return framing;
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
