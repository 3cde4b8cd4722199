// Values of `[targets.NAME]`.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "gateway/values/value_words.hpp"

namespace gateway {

namespace {

constexpr Words<DialectKind, 5> kDialects{{{"openai", DialectKind::openai},
                                           {"ollama", DialectKind::ollama},
                                           {"anthropic", DialectKind::anthropic},
                                           {"switch", DialectKind::switch_},
                                           {"madre", DialectKind::madre}}};

/// The position of the path or query in a URL; its size if there is none.
std::size_t path_at(std::string_view url) noexcept {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  return std::min(url.find_first_of("/?#", host), url.size());
}

bool is_visible(char c) noexcept {
  return c > ' ' && c < '\x7F';
}

/// Whether it can stand in a request line.
bool is_of_target(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_visible(c) && c != '#'; });
}

/// A query with its names, but without their values.
std::string masked_query(std::string_view query) {
  std::string masked;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const auto sign = part.find('=');
    masked += masked.empty() ? '?' : '&';
    masked += sign == std::string_view::npos ? "***" : fmt::format("{}=***", part.substr(0, sign));
  }
  return masked;
}

bool is_header_name(std::string_view name) noexcept {
  constexpr std::string_view kSeparators = "()<>@,;:\\\"/[]?={}";
  return !name.empty() && std::all_of(name.begin(), name.end(), [=](char c) {
    return is_visible(c) && kSeparators.find(c) == std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) noexcept {
  const auto allowed = [](char c) { return is_visible(c) || c == ' ' || c == '\t'; };
  return !value.empty() && std::all_of(value.begin(), value.end(), allowed);
}

}  // namespace

Wanted wanted(const TargetUrl&) {
  return {"the URL of a target", R"("http://host:port/path" without user and fragment, such as )"
                                 R"("http://127.0.0.1:8080/v1")"};
}
Complaint read(std::string_view text, TargetUrl& into) {
  const std::size_t at = path_at(text);
  const std::size_t mark = std::min(text.find('?', at), text.size());
  HttpUrl origin;
  if (text.empty() || read(text.substr(0, at), origin) || !is_of_target(text.substr(at))) {
    return not_a(wanted(into), text);
  }
  std::string_view path = text.substr(at, mark - at);
  while (path.ends_with('/')) path.remove_suffix(1);
  into = TargetUrl{.origin = std::move(origin.value),
                   .path = std::string(path),
                   .query = std::string(text.substr(std::min(mark + 1, text.size())))};
  return std::nullopt;
}
std::string print(const TargetUrl& value) {
  return in_quotes(value.origin + value.path + masked_query(value.query));
}
std::uint16_t port_of(const TargetUrl& url) {
  return port_of(HttpUrl{.value = url.origin});
}

Wanted wanted(const HeaderName&) {
  return {"the name of a header", R"(one such as "api-key")"};
}
Complaint read(std::string_view text, HeaderName& into) {
  // Without the text: it may be the key.
  if (!text.empty() && !is_header_name(text)) {
    return fmt::format("is not {}; write {}", wanted(into).name, wanted(into).example);
  }
  into.value = text;
  return std::nullopt;
}
std::string print(const HeaderName& value) {
  return in_quotes(value.value);
}

Wanted wanted(const HeaderLines&) {
  return {"a list of headers", R"(["Name: value", "Other: value"])"};
}
Complaint read(std::string_view text, HeaderLines& into) {
  HeaderLines lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (!is_header_name(name) || !is_header_value(value)) {
      // Without the line: its value may be a secret.
      return fmt::format("element {} is not a header; write {}", lines.fields.size() + 1,
                         wanted(into).example);
    }
    lines.fields.emplace_back(name, value);
  }
  into = std::move(lines);
  return std::nullopt;
}
std::string print(const HeaderLines& value) {
  std::string out = "[";
  for (const auto& [name, content] : value.fields) {
    out += (out.size() > 1 ? ", " : "") + in_quotes(name + ": ***");
  }
  return out + "]";
}

Wanted wanted(DialectKind) {
  return {"the API of a target", R"("openai", "ollama", "anthropic", "switch" or "madre")"};
}
Complaint read(std::string_view text, DialectKind& into) {
  return read_word(kDialects, text, into);
}
std::string print(DialectKind value) {
  return print_word(kDialects, value);
}

}  // namespace gateway
