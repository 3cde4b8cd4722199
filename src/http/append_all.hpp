#pragma once

/// \file
/// Concatenates text. Internal.

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The size of a literal is known when it is compiled, so it is copied without a call.
template <std::size_t kSize>
constexpr std::string_view piece_of(const char (&literal)[kSize]) noexcept {
  return {literal, kSize - 1};
}
constexpr std::string_view piece_of(std::string_view text) noexcept {
  return text;
}

/// Appends all `pieces` with at most one allocation.
template <class... Pieces>
void append_all(std::string& out, const Pieces&... pieces) {
  const std::size_t begin = out.size();
  out.resize(begin + (piece_of(pieces).size() + ...));
  char* at = out.data() + begin;
  const auto put = [&at](std::string_view piece) {
    std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  };
  (put(piece_of(pieces)), ...);
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
