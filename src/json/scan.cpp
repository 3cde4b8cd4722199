#include "json/scan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "json/fast_scan.hpp"
#include "json/text.hpp"
#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// Receives the parser's events and writes them on, each to where it belongs: the member that was
/// looked for, or the rest.
class Scanner {
 public:
  explicit Scanner(std::span<const std::string_view> wanted) : wanted_(wanted) {}

  // The names that nlohmann's parser calls.
  bool null() { return literal(Kind::null, "null"); }
  bool boolean(bool value) { return literal(Kind::boolean, value ? "true" : "false"); }
  bool number_unsigned(std::uint64_t value) {
    append_integer(begin_value(Kind::number), value);
    return true;
  }
  bool number_integer(std::int64_t value) {
    if (value == 0) return literal(Kind::number, "-0");  // only numbers with a sign come here
    append_integer(begin_value(Kind::number), value);
    return true;
  }
  bool number_float(double /*value*/, const std::string& token) {
    std::string& out = begin_value(Kind::number);
    // The token has the decimal point of the process's locale.
    for (const char c : token) out += is_of_number(c) ? c : '.';
    return true;
  }
  bool string(std::string& value) {
    std::string& out = begin_value(Kind::string);
    if (depth_ == 1 && member_ != nullptr) {
      out = std::move(value);
    } else {
      append_string(out, value);
    }
    return true;
  }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }  // JSON text has none
  bool start_object(std::size_t /*unknown*/) {
    is_object_ = is_object_ || depth_ == 0;
    return start(Kind::object, '{');
  }
  bool end_object() { return end('}'); }
  bool start_array(std::size_t /*unknown*/) { return start(Kind::array, '['); }
  bool end_array() { return end(']'); }
  bool key(std::string& name) {
    if (depth_ == 1 && choose_target(name)) return true;
    separate(*out_);
    append_string(*out_, name);
    *out_ += ':';
    return true;
  }
  bool parse_error(std::size_t bytes_read, const std::string& /*token*/,
                   const nlohmann::json::exception& /*said*/) {
    stopped_at_ = bytes_read == 0 ? 0 : bytes_read - 1;
    return false;
  }

  Result<Split> result(bool parsed) {
    if (too_deep_) return fail(Errc::invalid_reply, "nested too deeply");
    if (!parsed) return fail(Errc::invalid_reply, "not JSON, byte " + std::to_string(stopped_at_));
    if (!is_object_) return fail(Errc::invalid_reply, "not an object");
    Split split;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      split.found.members[i] = Member{found_[i].kind, split.found.keep(std::move(found_[i].text))};
    }
    split.rest = std::move(rest_);
    return split;
  }

 private:
  static bool is_of_number(char c) noexcept {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e' || c == 'E';
  }

  /// What was written last tells whether a comma is due; strings end in quotes, so an opening
  /// bracket is never part of one.
  static void separate(std::string& out) {
    if (!out.empty() && std::string_view("{[:").find(out.back()) == std::string_view::npos) {
      out += ',';
    }
  }

  /// \return whether the top-level member of that name was looked for
  bool choose_target(std::string_view name) {
    const auto at = std::find(wanted_.begin(), wanted_.end(), name);
    if (at == wanted_.end()) {
      member_ = nullptr;
      out_ = &rest_;
      return false;
    }
    member_ = &found_[static_cast<std::size_t>(at - wanted_.begin())];
    out_ = &member_->text;
    out_->clear();
    return true;
  }

  std::string& begin_value(Kind kind) {
    if (depth_ == 1 && member_ != nullptr) member_->kind = kind;
    separate(*out_);
    return *out_;
  }
  bool literal(Kind kind, std::string_view text) {
    begin_value(kind) += text;
    return true;
  }
  bool start(Kind kind, char bracket) {
    if (depth_ > 0) begin_value(kind) += bracket;
    too_deep_ = ++depth_ > kMaxDepth;
    return !too_deep_;
  }
  bool end(char bracket) {
    (--depth_ > 0 ? *out_ : rest_) += bracket;
    return true;
  }

  struct Found {
    Kind kind = Kind::absent;
    std::string text = {};
  };

  std::span<const std::string_view> wanted_;
  std::array<Found, kMostWanted> found_ = {};
  std::string rest_ = "{";
  std::string* out_ = &rest_;
  Found* member_ = nullptr;  ///< The top-level member that is being read, if it was looked for.
  int depth_ = 0;
  bool is_object_ = false;
  bool too_deep_ = false;
  std::size_t stopped_at_ = 0;
};

Result<Split> split(std::string_view text, std::span<const std::string_view> wanted) {
  // The parser takes a NUL for the end of its input and would not look at what follows; JSON has
  // none outside of escapes.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(Errc::invalid_reply, "not JSON, byte " + std::to_string(nul));
  }
  Scanner scanner(wanted);
  const bool parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &scanner);
  return scanner.result(parsed);
}

/// What stands between the braces of an object.
std::string_view inside(std::string_view object) noexcept {
  const std::string_view whole = trimmed(object, kJsonSpace);
  return whole.size() < 2 ? std::string_view()
                          : trimmed(whole.substr(1, whole.size() - 2), kJsonSpace);
}

}  // namespace

char* write_escaped(char* to, char c) noexcept {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kNamed = "\b\f\n\r\t\"\\";
  constexpr std::string_view kNames = "bfnrt\"\\";
  const auto code = static_cast<unsigned char>(c);
  if (code >= 0x80) return to + kReplacement.copy(to, kReplacement.size());
  *to++ = '\\';
  if (const auto at = kNamed.find(c); at != std::string_view::npos) {
    *to++ = kNames[at];
    return to;
  }
  for (const char digit : {'u', '0', '0', kHex[code >> 4U], kHex[code & 0xFU]}) *to++ = digit;
  return to;
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = skip_plain_or_utf8(text, 0);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    std::array<char, kMostEscaped> escaped{};
    out.append(escaped.data(), write_escaped(escaped.data(), text[plain]));
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_string(out, text);
  return out;
}

// One variable for every way out of these two, so that it need not be moved.

Result<Scanned> scan_object(std::string_view text, std::span<const std::string_view> wanted) {
  Result<Scanned> found;
  try {
    if (wanted.size() > kMostWanted) {
      found = fail(Errc::invalid_argument, "too many names");
    } else if (!scan_quickly(text, wanted, *found)) {
      found = split(text, wanted).map([](Split&& both) { return std::move(both.found); });
    }
  } catch (...) {  // memory ran out
    found = fail(Errc::invalid_reply, "too large to read");
  }
  return found;
}

Result<Split> split_object(std::string_view text, std::span<const std::string_view> wanted) {
  Result<Split> both;
  try {
    if (wanted.size() > kMostWanted) {
      both = fail(Errc::invalid_argument, "too many names");
    } else if (!scan_quickly(text, wanted, both->found, &both->rest)) {
      both = split(text, wanted);
    }
  } catch (...) {  // memory ran out
    both = fail(Errc::invalid_reply, "too large to read");
  }
  return both;
}

std::string merge_objects(std::string_view object, std::string_view more) {
  const std::string_view first = inside(object);
  const std::string_view second = inside(more);
  std::string out;
  out.reserve(first.size() + second.size() + 3);
  out += '{';
  out += first;
  if (!first.empty() && !second.empty()) out += ',';
  out += second;
  out += '}';
  return out;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
