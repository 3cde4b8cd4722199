#include <vx11/http_message.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include <arpa/inet.h>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::size_t kMaxHost = 253;  // RFC 1035 §2.3.4
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxPortDigits = 5;

tl::unexpected<Error> mistake(std::string_view what) {
  return fail(Errc::invalid_argument, std::string("url ").append(what));
}

tl::unexpected<Error> bad_host(std::string_view why) {
  return mistake(std::string("has no valid host: ").append(why));
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_in_name(char c) noexcept {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' || c == '.';
}

const UrlScheme* scheme_of(std::string_view text, const UrlRules& rules) noexcept {
  const std::string_view name = text.substr(0, text.find(':'));
  if (!text.substr(name.size()).starts_with("://")) return nullptr;
  const auto found = std::ranges::find_if(rules.schemes, [=](const UrlScheme& scheme) {
    return equals_ignoring_case(scheme.name, name);
  });
  return found == rules.schemes.end() ? nullptr : &*found;
}

tl::unexpected<Error> bad_scheme(const UrlRules& rules) {
  std::string expected = "must begin with ";
  for (const UrlScheme& scheme : rules.schemes) {
    if (&scheme != &rules.schemes.front()) expected += " or ";
    expected.append(scheme.name).append("://");
  }
  return mistake(expected);
}

/// Whether a name ending with this label could be parsed as a number by the resolver.
bool is_numeric(std::string_view label) noexcept {
  return std::ranges::all_of(label, is_digit) || label.starts_with("0x");
}

bool has_bad_label(std::string_view name) noexcept {
  for (;;) {
    const std::size_t dot = name.find('.');
    const std::size_t size = std::min(dot, name.size());
    if (size == 0 || size > kMaxLabel) return true;
    if (dot == std::string_view::npos) return false;
    name.remove_prefix(dot + 1);
  }
}

Result<std::string> read_name(std::string_view text, bool secure) {
  if (text.empty()) return mistake("has no host");
  if (text.find(':') != std::string_view::npos)
    return bad_host("write an IPv6 address in brackets");
  if (!std::ranges::all_of(text, is_in_name)) {
    return bad_host("a name is of letters, digits, dots, '-' and '_'");
  }
  std::string host(text);
  std::ranges::transform(host, host.begin(), lower);
  std::string_view name = host;
  const bool absolute = name.ends_with('.');
  if (absolute) name.remove_suffix(1);
  if (name.size() > kMaxHost || has_bad_label(name)) {
    return bad_host("a name has at most 253 bytes, and 1 to 63 between dots");
  }
  if (absolute && secure) return bad_host("certificates name no host with a dot at the end");
  in_addr address = {};
  if (is_numeric(name.substr(name.rfind('.') + 1)) &&
      ::inet_pton(AF_INET, host.c_str(), &address) != 1) {
    return bad_host("write an IPv4 address as four decimal numbers");
  }
  return host;
}

/// \return the address in its short form (RFC 5952), without brackets
Result<std::string> read_ip6(std::string_view text) {
  in6_addr address = {};
  std::array<char, INET6_ADDRSTRLEN> shortest = {};
  if (::inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1 ||
      text.find('\0') != std::string_view::npos ||
      ::inet_ntop(AF_INET6, &address, shortest.data(), shortest.size()) == nullptr) {
    return bad_host("between brackets stands an IPv6 address, without a zone");
  }
  return std::string(shortest.data());
}

/// `text` follows the host: empty, or a colon and the port.
Result<std::uint16_t> read_port(std::string_view text, std::uint16_t default_port) {
  if (text.empty()) return default_port;
  const std::string_view digits = text.substr(1);
  std::uint16_t port = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, failed] = std::from_chars(digits.data(), last, port);
  if (text.front() != ':' || digits.size() > kMaxPortDigits || failed != std::errc() ||
      end != last || port == 0) {
    return mistake("has no valid port: write 1 to 65535 after the colon");
  }
  return port;
}

/// Where the host of `authority` ends, including its closing bracket.
std::size_t end_of_host(std::string_view authority) noexcept {
  if (authority.starts_with('[')) return std::min(authority.find(']'), authority.size() - 1) + 1;
  // Several colons: an IPv6 address without brackets, not a port.
  const std::size_t colon = authority.find(':');
  return colon == authority.rfind(':') ? std::min(colon, authority.size()) : authority.size();
}

bool is_path(std::string_view text) noexcept {
  return std::ranges::all_of(text,
                             [](char c) { return c > ' ' && c <= '~' && c != '?' && c != '#'; });
}

}  // namespace

Result<Url> Url::parse(std::string_view text, UrlRules rules) {
  const UrlScheme* const scheme = scheme_of(text, rules);
  if (scheme == nullptr) return bad_scheme(rules);
  text.remove_prefix(scheme->name.size() + 3);
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::string_view rest = text.substr(authority.size());
  if (authority.find('@') != std::string_view::npos) return mistake("must not carry credentials");
  if (rules.path && !is_path(rest)) return mistake("must have no query or fragment");
  if (!rules.path && !rest.empty() && rest != "/") {
    return mistake("must have no path, query or fragment");
  }

  Url url;
  url.scheme_ = scheme->name;
  const std::string_view host = authority.substr(0, end_of_host(authority));
  const bool ip6 = host.starts_with('[') && host.ends_with(']');
  auto read = ip6 ? read_ip6(host.substr(1, host.size() - 2)) : read_name(host, url.secure());
  if (!read) return fail(std::move(read.error()));
  const auto port = read_port(authority.substr(host.size()), scheme->default_port);
  if (!port) return fail(port.error());
  url.host_ = std::move(*read);
  url.port_ = *port;
  url.authority_ = ip6 ? '[' + url.host_ + ']' : url.host_;
  if (url.port_ != scheme->default_port) url.authority_ += ':' + std::to_string(url.port_);
  if (rest != "/") url.path_ = rest;
  return url;
}

}  // namespace v0
}  // namespace vx11
