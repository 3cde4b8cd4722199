#include "json/scan.hpp"

#include <algorithm>
#include <utility>

#include "json/text.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Reads the text in one pass; results are views where nothing has to be decoded. When a function
/// returns false, the text is invalid at position `at_`.
class Reader {
 public:
  Reader(std::string_view text, std::span<const std::string_view> wanted, Scanned& found,
         std::string* rest, std::size_t kept = 0, MemberSink* sink = nullptr)
      : text_(text),
        wanted_(wanted),
        first_kept_(found.members.data() + std::min(wanted.size() - kept, kMostWanted)),
        found_(found),
        rest_(rest),
        sink_(sink) {}

  /// The whole text, which must be an object.
  bool run() noexcept {
    return run([this] { return document(); });
  }

  /// The object that the text begins with.
  bool run_front(std::size_t& size) noexcept {
    const bool is_read =
        run([this] { return peek() == '{' ? members() : refuse(ScanErrc::not_object); });
    size = at_;
    return is_read;
  }

  ScanError error() const { return ScanError(reason_, at_); }

 private:
  template <class Read>
  bool run(Read read) noexcept {
    try {
      if (wanted_.size() > kMostWanted) return refuse(ScanErrc::too_many_names);
      if (rest_ != nullptr) rest_->assign(1, '{');
      if (!read()) return false;
      if (rest_ != nullptr) *rest_ += '}';
      found_.plain = changes_ == 0;
      return true;
    } catch (...) {
      return refuse(ScanErrc::out_of_memory);
    }
  }

  bool document() {
    if (text_.starts_with(kByteOrderMark)) at_ = changes_ = kByteOrderMark.size();
    skip_space();
    Kind kind = Kind::object;
    const bool is_object = peek() == '{';
    if (is_object ? !members() : !value(kind, 0)) return false;
    skip_space();
    if (at_ != text_.size()) return false;
    if (!is_object) at_ = 0;
    return is_object || refuse(ScanErrc::not_object);
  }

  bool members() {
    ++at_;
    if (take('}')) return true;
    do {
      if (!member()) return false;
    } while (take(','));
    return take('}');
  }

  bool member() {
    skip_space();
    const std::size_t begin = at_;
    const std::size_t changes = changes_;
    std::string_view name;
    if (!string(name)) return false;
    if (sink_ != nullptr) return passed(name);
    Member* const chosen = escaped_ ? choose(decoded(name)) : choose(name);
    if (!take(':')) return false;
    Kind ignored{};
    if (chosen != nullptr ? !wanted(*chosen) : !value(ignored, 1)) return false;
    const bool is_of_rest = chosen == nullptr || chosen >= first_kept_;
    if (rest_ != nullptr && is_of_rest) add_to_rest(begin, changes);
    return true;
  }

  bool passed(std::string_view name) {
    const std::string without_escapes = escaped_ ? decoded(name) : std::string();
    if (escaped_) name = without_escapes;
    if (!take(':')) return false;
    skip_space();
    const std::size_t begin = at_;
    Kind ignored{};
    if (!value(ignored, 1)) return false;
    sink_->member(name, text_.substr(begin, at_ - begin));
    return true;
  }

  /// \return where to store the member of that name, if it is wanted
  Member* choose(std::string_view name) noexcept {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const std::string_view each = wanted_[i];  // lengths differ mostly: no call of memcmp then
      if (each.size() == name.size() && each == name) return &found_.members[i];
    }
    return nullptr;
  }

  bool wanted(Member& into) {
    skip_space();
    const std::size_t begin = at_;
    const std::size_t changes = changes_;
    if (!value(into.kind, 1)) return false;
    into.has_lone_surrogate = false;
    into.text = text_.substr(begin, at_ - begin);
    if (into.kind == Kind::string) {
      into.text = into.text.substr(1, into.text.size() - 2);
      into.has_lone_surrogate = lone_surrogate_;
      if (escaped_) into.text = found_.keep(decoded(into.text));
    } else if (changes_ != changes) {
      std::string canonical;
      canonical.reserve(into.text.size());
      append_canonical(canonical, into.text);
      into.text = found_.keep(std::move(canonical));
    }
    return true;
  }

  void add_to_rest(std::size_t begin, std::size_t changes) {
    const std::string_view member = text_.substr(begin, at_ - begin);
    if (rest_->size() == 1) rest_->reserve(text_.size() - begin + 2);  // never longer than this
    if (rest_->size() > 1) *rest_ += ',';
    changes_ == changes ? void(*rest_ += member) : append_canonical(*rest_, member);
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
    if (depth > kMaxDepth) return refuse(ScanErrc::too_deep);
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
    kind = is;
    if (text_.substr(at_, word.size()) == word) {
      at_ += word.size();
      return true;
    }
    for (const char c : word) {
      if (peek() != c) break;
      ++at_;
    }
    return false;
  }

  bool number() {
    skip('-');
    if (!skip('0') && !digits()) return false;
    if (skip('.') && !digits()) return false;
    const bool has_exponent = skip('e') || skip('E');
    if (has_exponent && !skip('+')) skip('-');
    return !has_exponent || digits();
  }

  /// Reads a string; `inside` is the text between its quotes, with escapes in it if `escaped_`.
  bool string(std::string_view& inside) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    at_ = skip_plain_or_utf8(text_, at_);
    escaped_ = peek() == '\\';
    lone_surrogate_ = false;
    if (escaped_ && !skip_escapes()) return false;
    if (peek() != '"') return false;
    inside = text_.substr(begin, at_++ - begin);
    return true;
  }

  bool skip_escapes() {
    while (peek() == '\\') {
      const std::size_t length = escape_length(text_.substr(at_));
      if (length == 0) return false;
      if (length > 2 || text_[at_ + 1] == '/') ++changes_;
      lone_surrogate_ = lone_surrogate_ || is_lone_surrogate(text_.substr(at_, length));
      at_ = skip_plain_or_utf8(text_, at_ + length);
    }
    return true;
  }

  bool refuse(ScanErrc reason) noexcept {
    reason_ = reason;
    return false;
  }

  /// NUL at the end; a NUL within the text is not valid either.
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  /// One digit or more.
  bool digits() noexcept {
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ != begin;
  }
  bool skip(char c) noexcept {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void skip_space() noexcept {
    for (; is_space(peek()); ++at_) ++changes_;
  }
  bool take(char c) noexcept {
    if (peek() != c) skip_space();
    return skip(c);
  }

  std::string_view text_;
  std::span<const std::string_view> wanted_;
  const Member* first_kept_;  ///< Of the wanted ones, from which on they are in the rest as well.
  Scanned& found_;
  std::string* rest_;
  MemberSink* sink_;
  std::size_t at_ = 0;
  std::size_t changes_ =
      0;                  ///< Bytes of space, and escapes that are not written like that, so far.
  bool escaped_ = false;  ///< Whether the string read last has escapes.
  bool lone_surrogate_ = false;  ///< Whether one of them is half of a surrogate pair.
  ScanErrc reason_ = ScanErrc::not_json;
};

std::string text_of(ScanErrc reason, std::size_t byte) {
  switch (reason) {
    case ScanErrc::not_json:
      return "not JSON, byte " + std::to_string(byte);
    case ScanErrc::not_object:
      return "not an object";
    case ScanErrc::too_deep:
      return "nested too deeply";
    case ScanErrc::too_many_names:
      return "too many names";
    case ScanErrc::out_of_memory:
      return "too large to read";
  }
  return {};
}

}  // namespace

ScanError::ScanError(ScanErrc reason, std::size_t byte)
    : Error(reason == ScanErrc::too_many_names ? Errc::invalid_argument : Errc::invalid_reply,
            text_of(reason, byte)),
      reason(reason),
      byte(byte) {}

// One result variable for every return, so that it need not be moved.

Result<Scanned, ScanError> scan_object(std::string_view text,
                                       std::span<const std::string_view> wanted) {
  Result<Scanned, ScanError> found;
  Reader reader(text, wanted, *found, nullptr);
  if (!reader.run()) found = tl::unexpected(reader.error());
  return found;
}

Result<Scanned, ScanError> scan_front(std::string_view text,
                                      std::span<const std::string_view> wanted, std::size_t& size) {
  Result<Scanned, ScanError> found;
  Reader reader(text, wanted, *found, nullptr);
  if (!reader.run_front(size)) found = tl::unexpected(reader.error());
  return found;
}

Result<Split, ScanError> split_object(std::string_view text,
                                      std::span<const std::string_view> wanted, std::size_t kept) {
  Result<Split, ScanError> both;
  Reader reader(text, wanted, both->found, &both->rest, kept);
  if (!reader.run()) both = tl::unexpected(reader.error());
  return both;
}

Result<void, ScanError> scan_members(std::string_view text, MemberSink& sink) {
  Scanned none;
  Reader reader(text, {}, none, nullptr, 0, &sink);
  if (!reader.run()) return tl::unexpected(reader.error());
  return {};
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
