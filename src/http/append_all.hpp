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

/// Appends all `pieces` with at most one allocation.
template <class... Pieces>
void append_all(std::string& out, const Pieces&... pieces) {
  const std::size_t begin = out.size();
  out.resize(begin + (std::string_view(pieces).size() + ...));
  char* at = out.data() + begin;
  const auto put = [&at](std::string_view piece) {
    std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  };
  (put(pieces), ...);
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
