#include "http/sse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "http/append_all.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kBlank = " \t";
constexpr std::string_view kUsualName = "message";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// `find` from `from` on, or the size.
std::size_t first_of(std::string_view text, char c, std::size_t from) noexcept {
  return std::min(text.find(c, from), text.size());
}

/// The value of a field: one space after the colon does not belong to it.
std::string_view without_space(std::string_view value) noexcept {
  if (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace

void SseParser::keep(RareText& in, std::string_view bytes) {
  in.own().append(bytes);
  copied_ += bytes.size();
}

void SseParser::feed(std::string piece) {
  piece_ = std::move(piece);
  at_ = 0;
  lf_ = first_of(piece_, '\n', 0);
  cr_ = first_of(piece_, '\r', 0);
}

bool SseParser::end() {
  if (overflowed_ || (line_.empty() && !has_data_)) return false;
  feed(lines_are_events_ ? "\n" : "\n\n");
  return true;
}

/// A stream that waits holds no piece; a move would keep its memory.
void SseParser::release_piece() {
  std::string().swap(piece_);
  feed({});
}

std::size_t SseParser::line_end() noexcept {
  if (lf_ < at_) lf_ = first_of(piece_, '\n', at_);
  if (cr_ < at_) cr_ = first_of(piece_, '\r', at_);
  return std::min(lf_, cr_);
}

/// The usual event: at most its usual name, then one line of data. All of it lies in the piece,
/// which has no CR, so that no line has to be looked at by itself.
bool SseParser::take_usual_event() noexcept {
  constexpr std::string_view kName = "event: message\n";
  constexpr std::string_view kData = "data: ";
  if (overflowed_ || cr_ != piece_.size() || !begun_ || after_cr_ || has_data_) return false;
  if (!line_.empty() || !name_.empty() || !lines_.empty()) return false;
  std::string_view rest = std::string_view(piece_).substr(at_);
  if (rest.starts_with(kName)) rest.remove_prefix(kName.size());
  if (!rest.starts_with(kData)) return false;
  rest.remove_prefix(kData.size());
  const auto* const end = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
  if (end == nullptr) return false;
  const auto size = static_cast<std::size_t>(end - rest.data());
  if (size + 1 == rest.size() || end[1] != '\n' || size + kData.size() > kMaxEvent) return false;
  data_ = rest.substr(0, size);
  at_ = static_cast<std::size_t>(end - piece_.data()) + 2;
  return has_data_ = dispatched_ = true;
}

/// The usual line: all of it lies in the piece, which has no CR.
bool SseParser::take_usual_line(std::string_view& line) noexcept {
  const bool is_usual = cr_ == piece_.size() && begun_ && !after_cr_ && line_.empty();
  if (!is_usual || at_ == piece_.size()) return false;
  const std::string_view rest = std::string_view(piece_).substr(at_);
  const auto* const end = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
  const std::size_t size =
      end == nullptr ? rest.size() : static_cast<std::size_t>(end - rest.data());
  if (size == rest.size() || size > kMaxEvent) return false;
  line = rest.substr(0, size);
  at_ += size + 1;
  return true;
}

/// A line ends with CR, LF or CRLF; a CR at the end of a piece may still be followed by its LF.
bool SseParser::take_line(std::string_view& line) {
  if (at_ < piece_.size() && std::exchange(after_cr_, false) && piece_[at_] == '\n') ++at_;
  const std::size_t end = line_end();
  line = std::string_view(piece_).substr(at_, end - at_);
  overflowed_ = overflowed_ || line_.view().size() + line.size() > kMaxEvent;
  if (overflowed_) return false;
  if (end == piece_.size()) {
    keep(line_, line);
    at_ = end;
    return false;
  }
  if (!line_.empty()) {
    keep(line_, line);
    line = line_.view();
  }
  after_cr_ = piece_[end] == '\r';
  at_ = end + 1;
  if (!std::exchange(begun_, true) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  return true;
}

void SseParser::field(std::string_view line) {
  constexpr std::string_view kData = "data:";  // the usual lines
  constexpr std::string_view kEvent = "event:";
  if (line.starts_with(kData)) return add_data(without_space(line.substr(kData.size())));
  if (line.starts_with(kEvent)) return set_name(without_space(line.substr(kEvent.size())));
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  const std::string_view value =
      colon == std::string_view::npos ? "" : without_space(line.substr(colon + 1));
  if (name == "data") {
    add_data(value);
  } else if (name == "event") {
    set_name(value);
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_.own() = value;
  }
}

/// The usual name is not copied.
void SseParser::set_name(std::string_view name) {
  name == kUsualName ? name_.clear() : void(name_.own() = name);
}

/// The first line stays where it is, if it lies in the piece: most events have one line.
void SseParser::add_data(std::string_view value) {
  overflowed_ = overflowed_ || data_.size() + value.size() > kMaxEvent;
  if (overflowed_) return;
  if (!std::exchange(has_data_, true)) {
    data_ = value;
    if (!line_.empty()) own_data();
    return;
  }
  own_data();
  lines_.own() += '\n';
  keep(lines_, value);
  data_ = lines_.view();
}

void SseParser::own_data() {
  if (!lines_.empty() && data_.data() == lines_.view().data()) return;
  lines_.clear();
  keep(lines_, data_);
  data_ = lines_.view();
}

SseEvent SseParser::event() const noexcept {
  return {.name = name_.empty() ? kUsualName : name_.view(), .data = data_, .id = id_.view()};
}

void SseParser::start_event() {
  name_.clear();
  lines_.clear();
  data_ = {};
  has_data_ = dispatched_ = false;
}

std::optional<SseEvent> SseParser::next() {
  if (lines_are_events_) return next_line();
  if (dispatched_) start_event();
  if (take_usual_event()) return event();
  std::string_view line;
  while (take_usual_line(line) || take_line(line)) {
    const bool empty = line.empty();
    if (!empty) field(line);
    line_.clear();
    if (!empty) continue;
    if (has_data_) {
      dispatched_ = true;
      return event();
    }
    start_event();
  }
  if (has_data_) own_data();
  release_piece();
  return std::nullopt;
}

/// The line that was returned last may be in `line_`, which is cleared only now.
std::optional<SseEvent> SseParser::next_line() {
  std::string_view line;
  if (std::exchange(dispatched_, false)) line_.clear();
  while (take_usual_line(line) || take_line(line)) {
    if (line.find_first_not_of(kBlank) != std::string_view::npos) {
      dispatched_ = true;
      data_ = line;
      return event();
    }
    line_.clear();
  }
  release_piece();
  return std::nullopt;
}

namespace {

/// The JSON escape of the line separator that `text` begins with, and its length there; empty if it
/// begins with none.
std::pair<std::string_view, std::size_t> separator_escape(std::string_view text) noexcept {
  if (text.starts_with("\xC2\x85")) return {"\\u0085", 2};
  if (text.starts_with("\xE2\x80\xA8")) return {"\\u2028", 3};
  if (text.starts_with("\xE2\x80\xA9")) return {"\\u2029", 3};
  return {{}, 1};
}

/// The positions of one of two bytes, in one pass over the text for each.
class EitherByte {
 public:
  EitherByte(std::string_view text, char a, char b) noexcept : text_(text), a_(a), b_(b) {}
  std::size_t from(std::size_t at) noexcept {
    if (at_a_ < at || at == 0) at_a_ = first_of(text_, a_, at);
    if (at_b_ < at || at == 0) at_b_ = first_of(text_, b_, at);
    return std::min(at_a_, at_b_);
  }

 private:
  std::string_view text_;
  char a_;
  char b_;
  std::size_t at_a_ = 0;
  std::size_t at_b_ = 0;
};

void append_line(std::string& out, std::string_view line) {
  EitherByte lead(line, '\xC2', '\xE2');
  std::size_t written = 0;
  for (std::size_t at = lead.from(0); at < line.size();) {
    const auto [escape, length] = separator_escape(line.substr(at));
    if (!escape.empty()) {
      out.append(line, written, at - written).append(escape);
      written = at + length;
    }
    at = lead.from(at + length);
  }
  out.append(line, written);
}

void append_data(std::string& out, std::string_view data) {
  EitherByte line_end(data, '\n', '\r');
  for (std::size_t at = 0;;) {
    const std::size_t end = line_end.from(at);
    out.append("data: ");
    append_line(out, data.substr(at, end - at));
    out += '\n';
    if (end == data.size()) break;
    const bool both = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
    at = end + (both ? 2 : 1);
  }
  out += '\n';
}

/// Whether all of `text` is ASCII without control characters, so that it has neither line ends nor
/// separators; 8 bytes at a time. It may say no to such a text, never yes to another.
bool is_printable(std::string_view text) noexcept {
  constexpr std::uint64_t kSpaces = 0x2020202020202020;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  if (text.size() < sizeof kSpaces) return false;
  std::uint64_t found = 0;
  const auto look = [&](const char* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    found |= word | (word - kSpaces);  // a borrow from a byte below a space may reach the next
  };
  const char* const last = text.data() + text.size() - sizeof kSpaces;
  for (const char* at = text.data(); at < last; at += sizeof kSpaces) look(at);
  look(last);
  return (found & kTops) == 0;
}

/// Copies `piece`, a name above all, usually without a call: as two words that may overlap.
/// \return the end of the copy
char* put_short(char* to, std::string_view piece) noexcept {
  const std::size_t size = piece.size();
  const auto copy_words = [&](auto word) {
    std::memcpy(&word, piece.data(), sizeof word);
    std::memcpy(to, &word, sizeof word);
    std::memcpy(&word, piece.data() + size - sizeof word, sizeof word);
    std::memcpy(to + size - sizeof word, &word, sizeof word);
  };
  if (size >= 4 && size <= 8) {
    copy_words(std::uint32_t{});
  } else if (size > 8 && size <= 16) {
    copy_words(std::uint64_t{});
  } else {
    std::memcpy(to, piece.data(), size);
  }
  return to + size;
}

constexpr std::string_view kId = "id: ";
constexpr std::string_view kEvent = "\nevent: ";
constexpr std::string_view kData = "\ndata: ";
constexpr std::string_view kEnd = "\n\n";

/// An event of a word or two is put together here and appended in one step, since each piece that
/// is appended looks for room.
class ShortEvent {
 public:
  static bool fits(std::string_view name, std::string_view data) noexcept {
    return name.size() <= kMostName && data.size() <= kMostData;
  }
  ShortEvent(std::uint64_t id, std::string_view name, std::string_view data) noexcept {
    char* at = put(text_.data(), kId);
    at = std::to_chars(at, at + kMostDigits, id).ptr;
    at = put(put_short(put(at, kEvent), name), kData);
    std::memcpy(at, data.data(), data.size());
    end_ = put(at + data.size(), kEnd);
  }
  void append_to(std::string& out) const {
    out.append(text_.data(), static_cast<std::size_t>(end_ - text_.data()));
  }

 private:
  /// Of constant size, so without a call.
  static char* put(char* to, std::string_view piece) noexcept {
    std::memcpy(to, piece.data(), piece.size());
    return to + piece.size();
  }

  static constexpr std::size_t kMostName = 32;
  static constexpr std::size_t kMostData = 256;
  static constexpr std::size_t kMostDigits = 20;
  static constexpr std::size_t kFixed = kId.size() + kEvent.size() + kData.size() + kEnd.size();

  std::array<char, kFixed + kMostDigits + kMostName + kMostData> text_;
  char* end_;
};

/// An event's number as text.
class Digits {
 public:
  explicit Digits(std::uint64_t number) noexcept
      : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr) {}
  operator std::string_view() const noexcept {
    return {digits_.data(), static_cast<std::size_t>(end_ - digits_.data())};
  }

 private:
  std::array<char, 20> digits_;
  const char* end_;
};

}  // namespace

void append_event(std::string& out, std::uint64_t id, std::string_view name,
                  std::string_view data) {
  const bool printable = is_printable(data);
  if (printable && ShortEvent::fits(name, data)) return ShortEvent(id, name, data).append_to(out);
  const Digits number(id);
  const std::string_view digits = number;
  if (printable) {
    return http_detail::append_all(out, kId, digits, kEvent, name, kData, data, kEnd);
  }
  http_detail::append_all(out, kId, digits, kEvent, name, std::string_view("\n"));
  append_data(out, data);
}

void append_data_event(std::string& out, std::string_view data) {
  constexpr std::string_view kField = "data: ";
  if (is_printable(data)) return http_detail::append_all(out, kField, data, kEnd);
  append_data(out, data);
}

void append_last_event(std::string& out, std::uint64_t id, std::string_view name,
                       std::string_view data) {
  constexpr std::string_view kRetryAndEvent = "\nretry: 3600000\nevent: ";
  const Digits digits(id);
  http_detail::append_all(out, kId, std::string_view(digits), kRetryAndEvent, name,
                          std::string_view("\n"));
  append_data(out, data);
}

}  // namespace v0
}  // namespace vx11
