#include "net/http/plain_head.hpp"

#include <array>
#include <charconv>

#include "net/http/char_class.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

using Table = std::array<bool, 256>;

constexpr Table table_of(std::string_view members) {
  Table table{};
  for (const char c : members) table[static_cast<unsigned char>(c)] = true;
  return table;
}

/// RFC 9110 §5.6.2.
constexpr Table kToken =
    table_of("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

std::size_t token_size(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && kToken[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

}  // namespace

std::string_view PlainHead::take_word(std::string_view& text, char end) noexcept {
  const std::size_t size = text.find(end);
  if (size == std::string_view::npos) return {};
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size + 1);
  const bool visible = is_all_visible_or_space(word) && word.find(' ') == std::string_view::npos;
  return visible ? word : std::string_view();
}

bool PlainHead::read_fields(std::string_view lines, Headers& headers, std::size_t most) {
  for (std::size_t fields = 0; lines != "\r\n"; ++fields) {
    const std::size_t colon = token_size(lines);
    if (fields == most || colon == 0 || lines.substr(colon, 2) != ": ") return false;
    const std::string_view name = lines.substr(0, colon);
    lines.remove_prefix(colon + 2);
    const std::size_t end = lines.find("\r\n");
    if (end == 0 || end == std::string_view::npos) return false;
    const std::string_view value = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    if (value.front() == ' ' || value.back() == ' ' || !is_all_visible_or_space(value))
      return false;
    if (!take_field(name, value)) return false;
    headers.add(name, value);
  }
  return true;
}

/// Looks at what decides how the message is read.
bool PlainHead::take_field(std::string_view name, std::string_view value) noexcept {
  const auto is = [name](std::string_view other) { return equals_ignoring_case(name, other); };
  switch (name.size()) {
    case 4: {
      if (!is("Host")) return true;
      const bool first = host_.empty();
      host_ = value;
      return first;
    }
    case 6:
      return !is("Expect");
    case 7:
      return !is("Upgrade");
    case 10:
      return !is("Connection") || equals_ignoring_case(value, "keep-alive");
    case 14: {
      if (!is("Content-Length")) return true;
      if (length_ || value.size() > 9) return false;
      const auto [end, bad] =
          std::from_chars(value.data(), value.data() + value.size(), length_.emplace());
      return bad == std::errc() && end == value.data() + value.size();
    }
    case 16:
      return !is("Proxy-Connection");
    case 17:
      return !is("Transfer-Encoding");
    default:
      return true;
  }
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
