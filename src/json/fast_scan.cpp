#include "json/fast_scan.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "json/text.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

constexpr std::string_view kEscapes = R"("\bfnrt)";
constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";

std::string decoded(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  for (;;) {
    const std::size_t escape = std::min(inside.find('\\'), inside.size());
    out += inside.substr(0, escape);
    if (escape == inside.size()) return out;
    out += kEscaped[kEscapes.find(inside[escape + 1])];
    inside.remove_prefix(escape + 2);
  }
}

/// Appends `json`, which is good, without the space in it.
void append_dense(std::string& out, std::string_view json) {
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (!in_string && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) continue;
    out += c;
    if (c == '"') in_string = !in_string;
    if (c == '\\') out += json[++i];
  }
}

/// Goes over the text once, and takes nothing out of it but views where nothing has to be changed.
/// Everything returns false for what it leaves to the library.
class QuickScanner {
 public:
  QuickScanner(std::string_view text, std::span<const std::string_view> wanted, Scanned& found,
               std::string* rest)
      : text_(text), wanted_(wanted), found_(found), rest_(rest) {}

  bool run() {
    if (!take('{') || !members()) return false;
    skip_space();
    found_.plain = spaces_ == 0;
    return at_ == text_.size();
  }

 private:
  bool members() {
    if (take('}')) return true;
    do {
      if (!member()) return false;
    } while (take(','));
    return take('}');
  }

  bool member() {
    skip_space();
    const std::size_t begin = at_;
    const std::size_t spaces = spaces_;
    std::string_view name;
    if (!string(name) || escaped_ || !take(':')) return false;
    const auto chosen = std::find(wanted_.begin(), wanted_.end(), name);
    if (chosen != wanted_.end()) {
      return wanted(found_.members[static_cast<std::size_t>(chosen - wanted_.begin())]);
    }
    Kind ignored{};
    if (!value(ignored, 1)) return false;
    if (rest_ != nullptr) add_to_rest(begin, spaces);
    return true;
  }

  bool wanted(Member& into) {
    skip_space();
    const std::size_t begin = at_;
    const std::size_t spaces = spaces_;
    if (!value(into.kind, 1)) return false;
    into.text = text_.substr(begin, at_ - begin);
    if (into.kind == Kind::string) {
      into.text = into.text.substr(1, into.text.size() - 2);
      if (escaped_) into.text = found_.keep(decoded(into.text));
    } else if (spaces_ != spaces) {
      std::string dense;
      append_dense(dense, into.text);
      into.text = found_.keep(std::move(dense));
    }
    return true;
  }

  void add_to_rest(std::size_t begin, std::size_t spaces) {
    const std::string_view member = text_.substr(begin, at_ - begin);
    if (rest_->size() == 1) rest_->reserve(text_.size() - begin + 2);  // nothing comes out longer
    if (rest_->size() > 1) *rest_ += ',';
    spaces_ == spaces ? void(*rest_ += member) : append_dense(*rest_, member);
  }

  bool value(Kind& kind, int depth) {
    skip_space();
    std::string_view inside;
    switch (peek()) {
      case '"':
        kind = Kind::string;
        return string(inside);
      case '{':
        kind = Kind::object;
        return list('}', depth + 1);
      case '[':
        kind = Kind::array;
        return list(']', depth + 1);
      case 't':
        return literal(kind, Kind::boolean, "true");
      case 'f':
        return literal(kind, Kind::boolean, "false");
      case 'n':
        return literal(kind, Kind::null, "null");
      default:
        kind = Kind::number;
        return number();
    }
  }

  bool list(char closing, int depth) {
    if (depth > kMaxDepth) return false;
    ++at_;
    if (take(closing)) return true;
    do {
      std::string_view name;
      if (closing == '}' && (!string(name) || !take(':'))) return false;
      Kind ignored{};
      if (!value(ignored, depth)) return false;
    } while (take(','));
    return take(closing);
  }

  bool literal(Kind& kind, Kind is, std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    kind = is;
    at_ += word.size();
    return true;
  }

  /// A short decimal number; those are read and written back alike by every reader.
  bool number() {
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
    return at_ - begin <= kMost && peek() != 'e' && peek() != 'E';
  }

  /// Takes a string; `inside` is what stands between its quotes, with escapes in it if `escaped_`.
  bool string(std::string_view& inside) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    at_ = skip_plain_or_utf8(text_, at_);
    escaped_ = peek() == '\\';
    if (escaped_ && !skip_escapes()) return false;
    if (peek() != '"') return false;
    inside = text_.substr(begin, at_++ - begin);
    return true;
  }

  bool skip_escapes() {
    while (peek() == '\\') {
      if (at_ + 1 == text_.size() || kEscapes.find(text_[at_ + 1]) == kEscapes.npos) return false;
      at_ = skip_plain_or_utf8(text_, at_ + 2);
    }
    return true;
  }

  /// NUL at the end; a NUL within fits nowhere either.
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_digits() noexcept {
    while (peek() >= '0' && peek() <= '9') ++at_;
  }
  void skip_space() noexcept {
    for (; peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r'; ++at_) ++spaces_;
  }
  bool take(char c) noexcept {
    if (peek() != c) skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::span<const std::string_view> wanted_;
  Scanned& found_;
  std::string* rest_;
  std::size_t at_ = 0;
  std::size_t spaces_ = 0;  ///< So many bytes of space were passed by.
  bool escaped_ = false;
};

}  // namespace

bool scan_quickly(std::string_view text, std::span<const std::string_view> wanted, Scanned& found,
                  std::string* rest) {
  if (rest != nullptr) rest->assign(1, '{');
  if (!QuickScanner(text, wanted, found, rest).run()) return false;
  if (rest != nullptr) *rest += '}';
  return true;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
