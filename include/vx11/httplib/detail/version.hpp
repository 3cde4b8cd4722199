#pragma once

/// \file
/// Behaviour of the installed version of cpp-httplib. Internal to `vx11/httplib.hpp`.

#include <array>
#include <cstddef>
#include <string_view>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The version as a number, 0.11.4 as 11'004: cpp-httplib provides only a string.
consteval int number_of(std::string_view version) {
  std::array<int, 3> parts = {};
  std::size_t part = 0;
  for (const char c : version) {
    if (c == '.') {
      ++part;
    } else {
      parts.at(part) = parts.at(part) * 10 + (c - '0');
    }
  }
  return parts[0] * 1'000'000 + parts[1] * 1'000 + parts[2];
}

inline constexpr int kHttplibVersion = number_of(CPPHTTPLIB_VERSION);

/// The server also reads bodies of GET if the head declares one.
inline constexpr bool kServerReadsAnyBody = kHttplibVersion >= 18'007;
/// The server sends `Connection: close` with every error.
inline constexpr bool kServerSaysClose = kHttplibVersion >= 28'000;
/// A content provider is called even if a body is set after it.
inline constexpr bool kProviderBeforeBody = kHttplibVersion >= 34'000;
/// A `ContentReader` refers only to objects that live as long as the request, and may be called
/// after the handler has returned.
inline constexpr bool kReaderOutlivesHandler = kHttplibVersion < 35'000;

}  // namespace detail
}  // namespace v0
}  // namespace vx11
