#include "net/http/head_parser.hpp"

#include <string>

#include "http/char_class.hpp"
#include "net/http/field_line.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

void HeadParser::reset() noexcept {
  *this = HeadParser(limits_, folding_);
}

/// Whether no further line is complete since the last call. The last byte is searched again: a line
/// that may be folded needs the byte after its line feed.
bool HeadParser::lacks_line(std::string_view rest) const noexcept {
  return searched_ != 0 && rest.find('\n', searched_ - 1) == std::string_view::npos;
}

HeadParser::Next HeadParser::incomplete(std::string_view rest) noexcept {
  searched_ = rest.size();
  return rest.size() > left_ ? Next::too_large : Next::more;
}

/// Why no line could be parsed at the front of `rest`.
HeadParser::Next HeadParser::not_a_line(std::string_view rest, std::string_view mistake) noexcept {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos || end >= left_) return incomplete(rest);
  const bool has_crlf = end != 0 && rest[end - 1] == '\r';
  mistake_ = has_crlf ? mistake : "line does not end with CRLF";
  return Next::malformed;
}

/// Records that only `left` of `rest` remains.
/// \return how many bytes were consumed
std::size_t HeadParser::take(std::string_view rest, std::string_view left) noexcept {
  const auto size = static_cast<std::size_t>(left.data() - rest.data());
  left_ -= size;
  searched_ = 0;
  return size;
}

// Inline, as is the next: both run for each field.
inline HeadParser::Next HeadParser::add(const Header& field, Headers& headers) {
  const std::string_view mistake = control_.note(field.name, field.value);
  if (!mistake.empty()) {
    mistake_ = mistake;
    return Next::malformed;
  }
  if (++fields_ > limits_.fields) return Next::too_many_fields;
  headers.add(field.name, field.value);
  return Next::done;
}

/// The lines of one folded field, joined with spaces.
HeadParser::Next HeadParser::take_folded(std::string_view& text, Header first, Headers& headers) {
  std::string_view rest = text.substr(static_cast<std::size_t>(first.value.data() - text.data()));
  std::string value;
  do {
    std::string_view part;
    if (!take_value_line(rest, part)) return not_a_line(rest, "malformed header line");
    if (!value.empty() && !part.empty()) value += ' ';
    value += part;
    if (rest.empty()) return Next::more;
  } while (http_detail::is_blank(rest.front()));
  text = rest;
  return add({first.name, value}, headers);
}

/// \return `more` if the line, or the first byte of the next, has not arrived
inline HeadParser::Next HeadParser::take_field(std::string_view& text, Headers& headers) {
  Header field;
  std::string_view rest = text;
  if (!take_field_line(rest, field)) {
    const bool folded = !text.empty() && http_detail::is_blank(text.front());
    return not_a_line(text, folded ? "folded header line" : "malformed header line");
  }
  if (folding_ == Folding::join) {
    if (rest.empty()) return Next::more;
    if (http_detail::is_blank(rest.front())) return take_folded(text, field, headers);
  }
  text = rest;
  return add(field, headers);
}

HeadParser::Next HeadParser::take_fields(std::string_view bytes, std::size_t& used,
                                         Headers& headers) {
  std::string_view rest = bytes.substr(used);
  if (lacks_line(rest)) return incomplete(rest);
  std::string_view text = rest.substr(0, left_);
  const char* const end = text.data() + text.size();
  Next next = Next::done;
  while (!http_detail::starts_with_crlf(text.data(), end) && next == Next::done)
    next = take_field(text, headers);
  if (next == Next::done) text.remove_prefix(2);
  const std::size_t size = take(rest, text);
  used += size;
  return next == Next::more ? incomplete(rest.substr(size)) : next;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
