#include "json_quick.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "json_text.hpp"

namespace vx11::inline v0::json {

namespace {

constexpr std::string_view kEscapes = R"("\bfnrt)";
constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";

void append_decoded(std::string& out, std::string_view inside) {
  for (;;) {
    const std::size_t escape = std::min(inside.find('\\'), inside.size());
    out += inside.substr(0, escape);
    if (escape == inside.size()) return;
    out += kEscaped[kEscapes.find(inside[escape + 1])];
    inside.remove_prefix(escape + 2);
  }
}

/// Goes over the text once. Everything returns false for what it leaves to the library.
class QuickScanner {
 public:
  QuickScanner(std::string_view text, std::span<const std::string_view> wanted)
      : text_(text), wanted_(wanted) {}

  bool run(Scanned& found) {
    found.members.resize(wanted_.size());
    found.rest.assign(1, '{');
    if (!take('{') || !members(found)) return false;
    found.rest += '}';
    skip_space();
    return at_ == text_.size();
  }

 private:
  bool members(Scanned& found) {
    if (take('}')) return true;
    do {
      std::string_view name;
      if (!string(name) || name.find('\\') != std::string_view::npos || !take(':')) return false;
      const auto chosen = std::find(wanted_.begin(), wanted_.end(), name);
      const bool good =
          chosen == wanted_.end()
              ? other(name, found.rest)
              : member(found.members[static_cast<std::size_t>(chosen - wanted_.begin())]);
      if (!good) return false;
    } while (take(','));
    return take('}');
  }

  bool member(Member& into) {
    into.text.clear();
    skip_space();
    if (peek() != '"') return value(into.text, into.kind, 1);
    into.kind = Kind::string;
    std::string_view inside;
    if (!string(inside)) return false;
    append_decoded(into.text, inside);
    return true;
  }

  bool other(std::string_view name, std::string& rest) {
    if (rest.size() > 1) rest += ',';
    append_quoted(rest, name);
    rest += ':';
    Kind ignored{};
    return value(rest, ignored, 1);
  }

  /// Appends the next value's text without the space in it.
  bool value(std::string& out, Kind& kind, int depth) {
    skip_space();
    switch (peek()) {
      case '"':
        kind = Kind::string;
        return copy_string(out);
      case '{':
        kind = Kind::object;
        return copy_list(out, '}', depth + 1);
      case '[':
        kind = Kind::array;
        return copy_list(out, ']', depth + 1);
      case 't':
        return literal(out, kind, Kind::boolean, "true");
      case 'f':
        return literal(out, kind, Kind::boolean, "false");
      case 'n':
        return literal(out, kind, Kind::null, "null");
      default:
        kind = Kind::number;
        return number(out);
    }
  }

  bool copy_list(std::string& out, char closing, int depth) {
    if (depth > kMaxDepth) return false;
    out += text_[at_++];
    if (take(closing)) {
      out += closing;
      return true;
    }
    do {
      if (out.back() != '{' && out.back() != '[') out += ',';
      if (closing == '}') {
        if (!copy_string(out) || !take(':')) return false;
        out += ':';
      }
      Kind ignored{};
      if (!value(out, ignored, depth)) return false;
    } while (take(','));
    out += closing;
    return take(closing);
  }

  bool copy_string(std::string& out) {
    std::string_view inside;
    if (!string(inside)) return false;
    append_quoted(out, inside);
    return true;
  }

  bool literal(std::string& out, Kind& kind, Kind is, std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    kind = is;
    out += word;
    at_ += word.size();
    return true;
  }

  /// A short decimal number; those are read and written back alike by every reader.
  bool number(std::string& out) {
    constexpr std::size_t kMost = 15;
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    const std::size_t first = at_;
    skip_digits();
    if (at_ == first || (text_[first] == '0' && at_ - first > 1)) return false;
    if (peek() == '.') {
      const std::size_t point = at_++;
      skip_digits();
      if (at_ == point + 1) return false;
    }
    if (at_ - begin > kMost || peek() == 'e' || peek() == 'E') return false;
    out += text_.substr(begin, at_ - begin);
    return true;
  }

  /// Takes a string; `inside` is what stands between its quotes, still escaped.
  bool string(std::string_view& inside) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    for (;;) {
      at_ = skip_plain_or_utf8(text_, at_);
      if (peek() == '"') break;
      const bool escape = peek() == '\\' && at_ + 1 < text_.size() &&
                          kEscapes.find(text_[at_ + 1]) != std::string_view::npos;
      if (!escape) return false;
      at_ += 2;
    }
    inside = text_.substr(begin, at_++ - begin);
    return true;
  }

  static void append_quoted(std::string& out, std::string_view inside) {
    out += '"';
    out += inside;
    out += '"';
  }

  /// NUL at the end; a NUL within fits nowhere either.
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_digits() noexcept {
    while (peek() >= '0' && peek() <= '9') ++at_;
  }
  void skip_space() noexcept {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') ++at_;
  }
  bool take(char c) noexcept {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::span<const std::string_view> wanted_;
  std::size_t at_ = 0;
};

}  // namespace

bool scan_quickly(std::string_view text, std::span<const std::string_view> wanted, Scanned& found) {
  return QuickScanner(text, wanted).run(found);
}

}  // namespace vx11::inline v0::json
