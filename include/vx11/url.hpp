#pragma once

/// \file
/// `Url`: where a server is, read once and used by all who connect to it.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// A scheme that a URL may have, and the port that it means where the URL names none.
struct UrlScheme {
  std::string_view name = {};  ///< In lower case.
  std::uint16_t default_port = 0;
};

inline constexpr std::array<UrlScheme, 2> kHttpSchemes = {{{"http", 80}, {"https", 443}}};

/// What a URL may be made of. The default is the base URL of an upstream.
struct UrlRules {
  /// Must outlive the call.
  std::span<const UrlScheme> schemes = kHttpSchemes;
  /// Whether a path may follow the authority. A single slash always may, and means nothing.
  bool path = false;
};

/// A URL of the form `scheme://host[:port][/path]`: no credentials, query or fragment.
///
/// The same host serves the look-up of the address, the Host field, SNI and the check of the
/// certificate, so it is held to what all of them understand:
///
/// - a name of at most 253 bytes: letters, digits, `-` and `_` (usual in containers), in labels of 1
///   to 63 bytes. A dot at the end makes a name absolute; certificates have no such names, so not
///   with https. Other letters than ASCII are written in Punycode;
/// - an IPv4 address of four decimal numbers. Other numeric forms (`127.1`, `0x7f000001`), which
///   some resolvers read as addresses, are refused;
/// - an IPv6 address in brackets, without a zone.
///
/// Ports are 1 to 65535. Scheme and host are case-insensitive and kept in lower case, IPv6 in its
/// short form, the scheme's own port is left out: equal origins have equal texts. A value type,
/// thread-safe to read.
class VX11_API Url {
 public:
  /// \return the URL, or `invalid_argument` with what is wrong with it. The text of the error begins
  ///         with "url" and repeats nothing of the URL, which may hold a password.
  static Result<Url> parse(std::string_view text, UrlRules rules = {});

  const std::string& scheme() const noexcept { return scheme_; }
  /// Whether the scheme is https.
  bool secure() const noexcept { return scheme_ == "https"; }
  /// A name or a numeric address, IPv6 without brackets.
  const std::string& host() const noexcept { return host_; }
  std::uint16_t port() const noexcept { return port_; }
  /// For the Host field: the host, IPv6 in brackets, and the port unless it is the scheme's own.
  const std::string& authority() const noexcept { return authority_; }
  /// Empty, or from the first slash on.
  const std::string& path() const noexcept { return path_; }
  /// The whole URL, without a slash at the end if that is the whole path.
  std::string text() const { return scheme_ + "://" + authority_ + path_; }

  friend bool operator==(const Url&, const Url&) = default;

 private:
  Url() = default;

  std::string scheme_ = {};
  std::string host_ = {};
  std::string authority_ = {};
  std::string path_ = {};
  std::uint16_t port_ = 0;
};

}  // namespace v0
}  // namespace vx11
