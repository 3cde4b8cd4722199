#include "net/server/forwarded.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "http/char_class.hpp"
#include "net/server/ip_address.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

constexpr std::string_view kSpace = " \t";

std::string_view trimmed(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

bool is_port(std::string_view text) noexcept {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
std::optional<IpAddress> read_node(std::string_view node) noexcept {
  if (!node.starts_with('[')) {
    const std::size_t colon = node.find(':');
    const bool has_port = colon != std::string_view::npos && node.rfind(':') == colon;
    if (has_port && !is_port(node.substr(colon + 1))) return std::nullopt;
    return IpAddress::parse(has_port ? node.substr(0, colon) : node);
  }
  const std::size_t end = node.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view port = node.substr(end + 1);
  if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1)))) return std::nullopt;
  const auto address = IpAddress::parse(node.substr(1, end - 1));
  return address && node.find(':') < end ? address : std::nullopt;
}

using Nodes = std::vector<std::optional<IpAddress>>;

/// The elements of `X-Forwarded-For`; none for one that is no address.
Nodes nodes_of_list(std::string_view field) {
  Nodes nodes;
  for (bool more = true; more;) {
    const std::size_t comma = field.find(',');
    more = comma != std::string_view::npos;
    nodes.push_back(read_node(trimmed(field.substr(0, comma))));
    if (more) field.remove_prefix(comma + 1);
  }
  return nodes;
}

/// Reads a field of `Forwarded` (RFC 7239 §4): elements separated by commas, each of pairs
/// separated by semicolons. A quote that a client has left open must not hide what proxies have
/// added, so a field with any mistake has no elements that could be believed.
class ForwardedField {
 public:
  explicit ForwardedField(std::string_view field) noexcept : rest_(field) {}

  Nodes nodes() {
    Nodes nodes;
    do {
      std::optional<std::string> by_for;
      if (!read_element(by_for)) return {std::nullopt};
      nodes.push_back(by_for ? read_node(*by_for) : std::nullopt);
    } while (take(','));
    if (!rest_.empty()) return {std::nullopt};
    return nodes;
  }

 private:
  /// \param by_for the value of `for`, of which there may be one
  bool read_element(std::optional<std::string>& by_for) {
    do {
      const std::string_view name = take_token();
      if (name.empty() || !take_now('=')) return false;
      std::optional<std::string> value = take_value();
      const bool is_for = equals_ignoring_case(name, "for");
      if (!value || (is_for && by_for)) return false;
      if (is_for) by_for = std::move(value);
    } while (take(';'));
    return true;
  }

  std::string_view take_token() noexcept {
    skip_space();
    const char* const end = http_detail::skip_token(rest_.data(), rest_.data() + rest_.size());
    const std::string_view token(rest_.data(), static_cast<std::size_t>(end - rest_.data()));
    rest_.remove_prefix(token.size());
    return token;
  }

  /// A token, or a quoted string (RFC 9110 §5.6.4) without its quotes. Addresses with a port are
  /// accepted without quotes, as common proxies send them.
  std::optional<std::string> take_value() {
    if (!take_now('"')) {
      const std::size_t end = std::min(rest_.find_first_of(",; \t\""), rest_.size());
      std::string value(rest_.substr(0, end));
      rest_.remove_prefix(end);
      return value.empty() ? std::nullopt : std::optional(std::move(value));
    }
    std::string value;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) return std::nullopt;
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    return take_now('"') ? std::optional(std::move(value)) : std::nullopt;
  }

  bool take(char mark) noexcept {
    skip_space();
    return take_now(mark);
  }
  bool take_now(char mark) noexcept {
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_space() noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
  }

  std::string_view rest_;
};

/// One field after the other is one list (RFC 9110 §5.3).
Nodes nodes_of(const Headers& headers, ClientHeader header) {
  const bool is_forwarded = header == ClientHeader::forwarded;
  const std::string_view name = is_forwarded ? "Forwarded" : "X-Forwarded-For";
  Nodes all;
  for (const Header field : headers) {
    if (!equals_ignoring_case(field.name, name)) continue;
    const Nodes more =
        is_forwarded ? ForwardedField(field.value).nodes() : nodes_of_list(field.value);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace

std::string client_behind(const Headers& headers, ClientHeader header,
                          const TrustedProxies& proxies) {
  std::string client;
  const Nodes nodes = nodes_of(headers, header);
  for (auto node = nodes.rbegin(); node != nodes.rend() && *node; ++node) {
    client = (*node)->text();
    if (!proxies.contains(client)) break;
  }
  return client;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
