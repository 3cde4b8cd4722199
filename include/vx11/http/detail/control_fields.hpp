#pragma once

/// \file
/// The header fields that control framing and persistence. Internal to the transports and servers.

#include <vx11/export.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// Whether the token `name` equals `lower`, ignoring case. Setting the case bit turns no other byte
/// of a token into a letter or a hyphen.
template <std::size_t kSize>
inline bool is_name(std::string_view name, const char (&lower)[kSize]) noexcept {
  constexpr std::size_t kLength = kSize - 1;
  if (name.size() != kLength) return false;
  const auto differ = [&]<class Word>(Word, std::size_t at) {  // some bytes at once
    constexpr Word kCase = static_cast<Word>(0x2020202020202020);
    Word given = 0;
    Word known = 0;
    std::memcpy(&given, name.data() + at, sizeof given);
    std::memcpy(&known, lower + at, sizeof known);
    return static_cast<std::uint64_t>((given | kCase) ^ known);
  };
  std::uint64_t differences = 0;
  if constexpr (kLength < 8) {
    static_assert(kLength >= 4);
    differences = differ(std::uint32_t(), 0) | differ(std::uint32_t(), kLength - 4);
  } else {
    for (std::size_t at = 0; at + 8 < kLength; at += 8) differences |= differ(std::uint64_t(), at);
    differences |= differ(std::uint64_t(), kLength - 8);
  }
  return differences == 0;
}

/// Framing, persistence, Host and Expect of one message, collected while its fields are parsed.
///
/// Strict where RFC 9112 §6 leaves a choice: a message of ambiguous length is an error, because a
/// proxy may have read it the other way (request smuggling).
struct ControlFields {
  std::optional<std::uint64_t> length = std::nullopt;  ///< Content-Length.
  bool chunked = false;                                ///< Transfer-Encoding: chunked.
  bool close = false;                                  ///< Connection: close.
  bool keep_alive = false;                             ///< Connection: keep-alive.
  bool good_host = true;                               ///< The last Host is valid.
  bool expects_continue = false;                       ///< Expect: 100-continue.
  bool expects_other = false;                          ///< Any other expectation.
  unsigned hosts = 0;                                  ///< Number of Host fields.

  /// Processes a field of the head or of the trailers.
  /// \return the mistake in it; empty if there is none
  std::string_view note(std::string_view name, std::string_view value) noexcept {
    switch (name.size()) {
      case 4:
        return is_name(name, "host") ? note_host(value) : std::string_view();
      case 6:
        return is_name(name, "expect") ? note_expectation(value) : std::string_view();
      case 10:
        return is_name(name, "connection") ? note_connection(value) : std::string_view();
      case 14:
        return is_name(name, "content-length") ? note_length(value) : std::string_view();
      case 16:  // not standard, but sent by some clients with the meaning of Connection
        return is_name(name, "proxy-connection") ? note_connection(value) : std::string_view();
      case 17:
        return is_name(name, "transfer-encoding") ? note_coding(value) : std::string_view();
      default:
        return {};
    }
  }

  /// Whether the connection stays open after a message of this minor version (RFC 9112 §9.3).
  bool persists(int minor_version) const noexcept {
    return !close && (minor_version > 0 || keep_alive);
  }

 private:
  VX11_API std::string_view note_length(std::string_view value) noexcept;
  VX11_API std::string_view note_coding(std::string_view value) noexcept;
  VX11_API std::string_view note_connection(std::string_view value) noexcept;
  VX11_API std::string_view note_host(std::string_view value) noexcept;
  VX11_API std::string_view note_expectation(std::string_view value) noexcept;
};

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
