// Values about who connects and where.
#include <vx11/scope.hpp>

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "gateway/values/shown_text.hpp"
#include "gateway/values/value_words.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

constexpr Words<vx11::ProxyProtocol, 2> kProxyProtocols{
    {{"off", vx11::ProxyProtocol::off}, {"required", vx11::ProxyProtocol::required}}};
constexpr Words<vx11::ClientHeader, 3> kClientHeaders{
    {{"x-forwarded-for", vx11::ClientHeader::x_forwarded_for},
     {"forwarded", vx11::ClientHeader::forwarded},
     {"none", vx11::ClientHeader::none}}};

}  // namespace

Wanted wanted(const SocketMode&) {
  return {"the permissions of a file", R"(octal digits, such as "0660" or "0600")"};
}
Complaint read(std::string_view text, SocketMode& into) {
  constexpr unsigned kMost = 0777;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 8);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || bits > kMost) return not_a(wanted(into), text);
  into.bits = bits;
  return std::nullopt;
}
std::string print(const SocketMode& value) {
  return in_quotes(fmt::format("{:04o}", value.bits));
}

Wanted wanted(vx11::ProxyProtocol) {
  return {"whether connections begin with a PROXY header", R"("off" or "required")"};
}
Complaint read(std::string_view text, vx11::ProxyProtocol& into) {
  return read_word(kProxyProtocols, text, into);
}
std::string print(vx11::ProxyProtocol value) {
  return print_word(kProxyProtocols, value);
}

Wanted wanted(vx11::ClientHeader) {
  return {"a header that names the client", R"("x-forwarded-for", "forwarded" or "none")"};
}
Complaint read(std::string_view text, vx11::ClientHeader& into) {
  return read_word(kClientHeaders, text, into);
}
std::string print(vx11::ClientHeader value) {
  return print_word(kClientHeaders, value);
}

Wanted wanted(const CertificateScopes&) {
  return {"a table of names in certificates and their scopes",
          R"({ "spiffe://example.org/switch" = "chat,status" })"};
}
/// A line for each name: `NAME=SCOPES`.
Complaint read(std::string_view text, CertificateScopes& into) {
  CertificateScopes table;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto equals = line.rfind('=');
    if (equals == std::string_view::npos || equals == 0) {
      return fmt::format("has an entry without a name and scopes; write {}", wanted(into).example);
    }
    const std::string_view name = line.substr(0, equals);
    const auto scopes = vx11::parse_scopes(line.substr(equals + 1));
    if (!scopes) return fmt::format("{}: {}", shown_name(name), scopes.error().detail);
    table.names.insert_or_assign(std::string(name), *scopes);
  }
  into = std::move(table);
  return std::nullopt;
}
std::string print(const CertificateScopes& value) {
  std::string out;
  for (const auto& [name, scopes] : value.names) {
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", in_quotes(name),
                       in_quotes(to_string(scopes)));
  }
  return out.empty() ? "{}" : fmt::format("{{ {} }}", out);
}

}  // namespace gateway
