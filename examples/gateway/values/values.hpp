#pragma once

/// \file
/// Parsing, printing as TOML and description of each type of setting.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gateway/config/config.hpp"

namespace gateway {

/// The TOML type of a setting. On the command line and in the environment every value is text;
/// lists are separated by commas there. `lines` is a list whose elements may contain commas; only
/// files have it, `integers`, `number`, which is an integer or a decimal, and `table`, whose keys
/// are the user's and whose values are texts.
enum class Shape : std::uint8_t { text, integer, number, boolean, list, lines, integers, table };

/// What is wrong with a text and what to write instead; empty if it is valid.
using Complaint = std::optional<std::string>;

/// `text` as a quoted TOML string with escapes.
std::string in_quotes(std::string_view text);

/// The description of a type, for messages and the manual: "a duration", `"15s", "250ms" or "2m"`.
struct Wanted {
  std::string_view name = {};
  std::string_view example = {};
};

// For each type: its TOML type, its description, parsing (which leaves `into` unchanged on an
// error) and printing.

template <class T>
constexpr Shape shape_of = std::is_same_v<T, bool>     ? Shape::boolean
                           : std::is_unsigned_v<T>     ? Shape::integer
                           : std::is_same_v<T, double> ? Shape::number
                                                       : Shape::text;
template <>
inline constexpr Shape shape_of<std::vector<std::string>> = Shape::list;
template <>
inline constexpr Shape shape_of<HeaderLines> = Shape::lines;
template <>
inline constexpr Shape shape_of<Statuses> = Shape::integers;
template <>
inline constexpr Shape shape_of<CertificateScopes> = Shape::table;

Wanted wanted(const std::string&);
Complaint read(std::string_view text, std::string& into);
std::string print(const std::string& value);

Wanted wanted(const std::vector<std::string>&);
Complaint read(std::string_view text, std::vector<std::string>& into);
std::string print(const std::vector<std::string>& value);

Wanted wanted(bool);
Complaint read(std::string_view text, bool& into);
std::string print(bool value);

Wanted wanted(Duration);
Complaint read(std::string_view text, Duration& into);
std::string print(Duration value);

Wanted wanted(const Address&);
Complaint read(std::string_view text, Address& into);
std::string print(const Address& value);

Wanted wanted(const Secret&);
Complaint read(std::string_view text, Secret& into);
std::string print(const Secret& value);

Wanted wanted(const HttpUrl&);
Complaint read(std::string_view text, HttpUrl& into);
std::string print(const HttpUrl& value);
/// The port of the URL, or of its scheme by default; 0 for an empty URL.
std::uint16_t port_of(const HttpUrl& url);

Wanted wanted(const RedisUrl&);
Complaint read(std::string_view text, RedisUrl& into);
std::string print(const RedisUrl& value);

Wanted wanted(const FilePath&);
Complaint read(std::string_view text, FilePath& into);
std::string print(const FilePath& value);

Wanted wanted(const HealthPath&);
Complaint read(std::string_view text, HealthPath& into);
std::string print(const HealthPath& value);

Wanted wanted(const TargetUrl&);
Complaint read(std::string_view text, TargetUrl& into);
std::string print(const TargetUrl& value);
/// The port of the URL, or that of its scheme; 0 if it is empty.
std::uint16_t port_of(const TargetUrl& url);

Wanted wanted(const HeaderName&);
Complaint read(std::string_view text, HeaderName& into);
std::string print(const HeaderName& value);

Wanted wanted(const HeaderLines&);
Complaint read(std::string_view text, HeaderLines& into);
std::string print(const HeaderLines& value);

Wanted wanted(DialectKind);
Complaint read(std::string_view text, DialectKind& into);
std::string print(DialectKind value);

Wanted wanted(BalancingKind);
Complaint read(std::string_view text, BalancingKind& into);
std::string print(BalancingKind value);

Wanted wanted(RuleCondition);
Complaint read(std::string_view text, RuleCondition& into);
std::string print(RuleCondition value);

Wanted wanted(SloKind);
Complaint read(std::string_view text, SloKind& into);
std::string print(SloKind value);

Wanted wanted(const Statuses&);
Complaint read(std::string_view text, Statuses& into);
std::string print(const Statuses& value);

/// Finite numbers only.
Wanted wanted(double);
Complaint read(std::string_view text, double& into);
std::string print(double value);

/// Whether `text` is an origin as browsers send it: a scheme, a host, and a port unless it is the
/// scheme's own.
bool is_origin(std::string_view text);

/// Whether `text` is a host as Host names it: a name, an IPv4 address, or an IPv6 address in
/// brackets and in its short form.
bool is_host_without_port(std::string_view text);

Wanted wanted(const SessionPlace&);
Complaint read(std::string_view text, SessionPlace& into);
std::string print(const SessionPlace& value);

Wanted wanted(const FallbackAfter&);
Complaint read(std::string_view text, FallbackAfter& into);
std::string print(const FallbackAfter& value);

Wanted wanted(const OptionalRate&);
Complaint read(std::string_view text, OptionalRate& into);
std::string print(const OptionalRate& value);

Wanted wanted(vx11::ConcurrencyMode);
Complaint read(std::string_view text, vx11::ConcurrencyMode& into);
std::string print(vx11::ConcurrencyMode value);

Wanted wanted(vx11::Overtaken);
Complaint read(std::string_view text, vx11::Overtaken& into);
std::string print(vx11::Overtaken value);

Wanted wanted(vx11::SessionDurability);
Complaint read(std::string_view text, vx11::SessionDurability& into);
std::string print(vx11::SessionDurability value);

Wanted wanted(vx11::SessionMember);
Complaint read(std::string_view text, vx11::SessionMember& into);
std::string print(vx11::SessionMember value);

Wanted wanted(const SocketMode&);
Complaint read(std::string_view text, SocketMode& into);
std::string print(const SocketMode& value);

Wanted wanted(vx11::ProxyProtocol);
Complaint read(std::string_view text, vx11::ProxyProtocol& into);
std::string print(vx11::ProxyProtocol value);

Wanted wanted(vx11::ClientHeader);
Complaint read(std::string_view text, vx11::ClientHeader& into);
std::string print(vx11::ClientHeader value);

Wanted wanted(const CertificateScopes&);
Complaint read(std::string_view text, CertificateScopes& into);
std::string print(const CertificateScopes& value);

Wanted wanted(ClientCertificates);
Complaint read(std::string_view text, ClientCertificates& into);
std::string print(ClientCertificates value);

Wanted wanted(AuthMode);
Complaint read(std::string_view text, AuthMode& into);
std::string print(AuthMode value);

Wanted wanted(MetricsMode);
Complaint read(std::string_view text, MetricsMode& into);
std::string print(MetricsMode value);

Wanted wanted(LogLevel);
Complaint read(std::string_view text, LogLevel& into);
std::string print(LogLevel value);

/// A printed value without its quotes, for a line of the log.
std::string unquoted(const std::string& printed);

Wanted wanted(LogFormat);
Complaint read(std::string_view text, LogFormat& into);
std::string print(LogFormat value);

/// Any unsigned integer.
std::optional<std::uint64_t> read_number(std::string_view text);
/// The complaint that `text` is none; shows it only if it can be no secret.
Complaint not_a(Wanted wanted, std::string_view text);

template <class T>
concept Integer = std::is_unsigned_v<T> && !std::is_same_v<T, bool>;

template <Integer T>
Wanted wanted(T) {
  return {"a whole number", "digits only"};
}
template <Integer T>
Complaint read(std::string_view text, T& into) {
  const auto number = read_number(text);
  if (!number || *number > std::numeric_limits<T>::max()) return not_a(wanted(into), text);
  into = static_cast<T>(*number);
  return std::nullopt;
}
template <Integer T>
std::string print(T value) {
  return std::to_string(value);
}

}  // namespace gateway
