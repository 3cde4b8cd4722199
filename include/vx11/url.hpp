#pragma once

/// \file
/// `Url`: a server's address, parsed once for all that connect to it.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// An allowed scheme and its default port.
struct UrlScheme {
  std::string_view name = {};  ///< In lower case.
  std::uint16_t default_port = 0;
};

inline constexpr std::array<UrlScheme, 2> kHttpSchemes = {{{"http", 80}, {"https", 443}}};

/// What a URL may contain. The default is the base URL of an upstream.
struct UrlRules {
  /// Must outlive the call.
  std::span<const UrlScheme> schemes = kHttpSchemes;
  /// Whether a path may follow the authority. A single slash is always allowed and ignored.
  bool path = false;
};

/// A URL of the form `scheme://host[:port][/path]`: no credentials, query or fragment.
///
/// The same host is used for address resolution, the Host field, SNI and the certificate check, so
/// it must be valid for all of them:
///
/// - a name of at most 253 bytes: letters, digits, `-` and `_` (usual in containers), in labels of
///   1 to 63 bytes. A trailing dot makes a name absolute; certificates have no such names, so it is
///   not allowed with https. Non-ASCII letters must be given in Punycode;
/// - an IPv4 address of four decimal numbers. Other numeric forms (`127.1`, `0x7f000001`), which
///   some resolvers accept, are refused;
/// - an IPv6 address in brackets, without a zone.
///
/// Ports are 1 to 65535. Scheme and host are case-insensitive and stored in lower case, IPv6 in its
/// short form, a default port is dropped: equal origins have equal texts. A value type, thread-safe
/// to read.
class VX11_API Url {
 public:
  /// \return the URL, or `invalid_argument` with the reason. The error text begins with "url" and
  ///         repeats nothing of the URL, which may contain a password.
  static Result<Url> parse(std::string_view text, UrlRules rules = {});

  const std::string& scheme() const noexcept { return scheme_; }
  /// Whether the scheme is https.
  bool secure() const noexcept { return scheme_ == "https"; }
  /// A name or a numeric address, IPv6 without brackets.
  const std::string& host() const noexcept { return host_; }
  std::uint16_t port() const noexcept { return port_; }
  /// For the Host field: the host, IPv6 in brackets, and the port unless it is the default.
  const std::string& authority() const noexcept { return authority_; }
  /// Empty, or begins with a slash.
  const std::string& path() const noexcept { return path_; }
  /// The whole URL, without the slash if that is the whole path.
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
