#include "http/sse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// `find` from `from` on, or the size.
std::size_t first_of(std::string_view text, char c, std::size_t from) noexcept {
  return std::min(text.find(c, from), text.size());
}

}  // namespace

void SseParser::keep(std::string& in, std::string_view bytes) {
  in.append(bytes);
  copied_ += bytes.size();
}

void SseParser::feed(std::string piece) {
  piece_ = std::move(piece);
  at_ = 0;
  lf_ = first_of(piece_, '\n', 0);
  cr_ = first_of(piece_, '\r', 0);
}

std::size_t SseParser::line_end() noexcept {
  if (lf_ < at_) lf_ = first_of(piece_, '\n', at_);
  if (cr_ < at_) cr_ = first_of(piece_, '\r', at_);
  return std::min(lf_, cr_);
}

/// A line ends with CR, LF or CRLF; a CR at the end of a piece may still be followed by its LF.
bool SseParser::take_line(std::string_view& line) {
  if (at_ < piece_.size() && std::exchange(after_cr_, false) && piece_[at_] == '\n') ++at_;
  const std::size_t end = line_end();
  line = std::string_view(piece_).substr(at_, end - at_);
  overflowed_ = overflowed_ || line_.size() + line.size() > kMaxEvent;
  if (overflowed_) return false;
  if (end == piece_.size()) {
    keep(line_, line);
    at_ = end;
    return false;
  }
  if (!line_.empty()) {
    keep(line_, line);
    line = line_;
  }
  after_cr_ = piece_[end] == '\r';
  at_ = end + 1;
  if (!std::exchange(begun_, true) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  return true;
}

void SseParser::field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    add_data(value);
  } else if (name == "event") {
    name_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
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
  lines_ += '\n';
  keep(lines_, value);
  data_ = lines_;
}

void SseParser::own_data() {
  if (data_.data() == lines_.data()) return;
  lines_.clear();
  keep(lines_, data_);
  data_ = lines_;
}

SseEvent SseParser::event() const noexcept {
  return {.name = name_.empty() ? std::string_view("message") : name_, .data = data_, .id = id_};
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
  std::string_view line;
  while (take_line(line)) {
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
  feed({});  // a stream that waits holds no piece
  return std::nullopt;
}

/// The line that was returned last may be in `line_`, which is cleared only now.
std::optional<SseEvent> SseParser::next_line() {
  std::string_view line;
  if (std::exchange(dispatched_, false)) line_.clear();
  while (take_line(line)) {
    if (!line.empty()) {
      dispatched_ = true;
      data_ = line;
      return event();
    }
    line_.clear();
  }
  feed({});
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

void append_id(std::string& out, std::uint64_t id) {
  std::array<char, 20> digits{};
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), id).ptr;
  out.append("id: ").append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

}  // namespace

void append_event(std::string& out, std::uint64_t id, std::string_view name,
                  std::string_view data) {
  append_id(out, id);
  out.append("\nevent: ").append(name).append("\n");
  append_data(out, data);
}

void append_data_event(std::string& out, std::string_view data) {
  append_data(out, data);
}

void append_last_event(std::string& out, std::uint64_t id, std::string_view name,
                       std::string_view data) {
  append_id(out, id);
  out.append("\nretry: 3600000\nevent: ").append(name).append("\n");
  append_data(out, data);
}

}  // namespace v0
}  // namespace vx11
