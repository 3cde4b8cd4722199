#pragma once

/// \file
/// Content codings of answers, of which none was asked for. Internal.

#include <vx11/headers.hpp>

#include <string_view>

#include "http/char_class.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The name of a coding from a fixed list, so that it may be shown; "unknown" for any other.
inline std::string_view known_coding(std::string_view coding) noexcept {
  for (const std::string_view known : {"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}) {
    if (equals_ignoring_case(coding, known)) return known;
  }
  return "unknown";
}

/// The first coding other than `identity` that was applied to the body (RFC 9110 §8.4): empty if
/// the body can be read as it is.
inline std::string_view applied_coding(const Headers& headers) noexcept {
  for (const Header field : headers) {
    if (!equals_ignoring_case(field.name, "Content-Encoding")) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      skip_blanks(list);
      const std::string_view coding = list.substr(0, token_size(list));
      const bool applied = !coding.empty() && !equals_ignoring_case(coding, "identity");
      if (applied) return known_coding(coding);
      const std::size_t comma = list.find(',');
      list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
  }
  return {};
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
