#include "net/http/body_decoder.hpp"

#include <vx11/headers.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "http/char_class.hpp"
#include "net/http/field_line.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

bool take_char(std::string_view& text, char c) noexcept {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_token(std::string_view& text) noexcept {
  const std::size_t size = http_detail::token_size(text);
  text.remove_prefix(size);
  return size > 0;
}

/// RFC 9110 §5.6.4; the caller has already rejected control characters.
bool take_quoted_string(std::string_view& text) noexcept {
  if (!take_char(text, '"')) return false;
  while (!text.empty() && text.front() != '"') {
    text.remove_prefix(std::min<std::size_t>(text.front() == '\\' ? 2 : 1, text.size()));
  }
  return take_char(text, '"');
}

/// `*( BWS ";" BWS name [ BWS "=" BWS value ] )` (RFC 9112 §7.1.1). Extensions are ignored, but
/// anything else after the chunk size is refused, because another parser may interpret it
/// differently.
bool are_chunk_extensions(std::string_view text) noexcept {
  while (!text.empty()) {
    http_detail::skip_blanks(text);
    if (!take_char(text, ';')) return false;
    http_detail::skip_blanks(text);
    if (!take_token(text)) return false;
    std::string_view value = text;
    http_detail::skip_blanks(value);
    if (!take_char(value, '=')) continue;
    http_detail::skip_blanks(value);
    if (!take_token(value) && !take_quoted_string(value)) return false;
    text = value;
  }
  return true;
}

constexpr std::string_view kLineEnd = "\r\n";

/// A chunk in its usual form: some digits, no extension, some data.
struct WholeChunk {
  std::string_view data = {};
  std::size_t size = 0;  ///< With its framing; 0 if there is no such chunk.
};

/// The value of a hexadecimal digit, or 16.
constexpr unsigned hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10U : 16U;
}

/// The chunk that `bytes` begin with, if all of it is there.
WholeChunk whole_chunk(std::string_view bytes) noexcept {
  constexpr std::size_t kMostDigits = 6;
  const std::size_t most = std::min(kMostDigits, bytes.size());
  std::size_t size = 0;
  std::size_t at = 0;
  for (unsigned digit = 0; at < most && (digit = hex_value(bytes[at])) < 16; ++at) {
    size = size * 16 + digit;
  }
  const std::size_t framing = at + 2 * kLineEnd.size();
  if (size == 0 || bytes.size() < size + framing) return {};
  const std::string_view data = bytes.substr(at + kLineEnd.size(), size);
  const bool framed = bytes.substr(at, kLineEnd.size()) == kLineEnd &&
                      bytes.substr(at + kLineEnd.size() + size, kLineEnd.size()) == kLineEnd;
  return framed ? WholeChunk{.data = data, .size = size + framing} : WholeChunk{};
}

}  // namespace

void BodyDecoder::begin(State state, std::uint64_t left) noexcept {
  *this = BodyDecoder(limits_);
  state_ = state;
  left_ = left;
}

BodyDecoder::Next BodyDecoder::read(std::string_view bytes, std::size_t& used, std::string& body,
                                    http_detail::ControlFields& control) {
  used = 0;
  for (;;) {
    std::size_t taken = 0;
    const Next next = step(bytes.substr(used), taken, body, control);
    used += taken;
    if (next != Next::done) return next;
    if (state_ == State::done) return Next::done;
  }
}

/// \return `done` if the state has changed
BodyDecoder::Next BodyDecoder::step(std::string_view bytes, std::size_t& used, std::string& body,
                                    http_detail::ControlFields& control) {
  switch (state_) {
    case State::done:
      return Next::done;
    case State::until_close:
    case State::length:
    case State::chunk_data:
      return read_data(bytes, used, body);
    case State::chunk_end:
      return read_chunk_end(bytes, used);
    case State::chunk_size:
      used = take_whole_chunks(bytes, body);
      if (used != 0) return Next::done;
      [[fallthrough]];
    case State::trailers:
      return read_line(bytes, used, control);
  }
  return Next::malformed;
}

BodyDecoder::Next BodyDecoder::read_data(std::string_view bytes, std::size_t& used,
                                         std::string& body) {
  if (too_large()) return Next::too_large;
  const bool bounded = state_ != State::until_close;
  const std::size_t size = bounded ? std::min<std::uint64_t>(left_, bytes.size()) : bytes.size();
  if (body.size() + size > limits_.bytes) return Next::too_large;
  body.append(bytes.substr(0, size));
  used = size;
  if (!bounded || (left_ -= size) > 0) return Next::more;
  state_ = state_ == State::length ? State::done : State::chunk_end;
  return Next::done;
}

/// The fast way: an event stream has a chunk for each event. Everything else, the last chunk too,
/// is left to the steps.
/// \return how many bytes were used
std::size_t BodyDecoder::take_whole_chunks(std::string_view bytes, std::string& body) {
  std::size_t used = 0;
  for (;;) {
    const WholeChunk chunk = whole_chunk(bytes.substr(used));
    if (chunk.size == 0 || body.size() + chunk.data.size() > limits_.bytes) return used;
    if (body.empty()) body.reserve(bytes.size());
    body.append(chunk.data);
    used += chunk.size;
    searched_ = 0;
  }
}

BodyDecoder::Next BodyDecoder::read_chunk_end(std::string_view bytes, std::size_t& used) noexcept {
  if (!bytes.starts_with(kLineEnd))
    return kLineEnd.starts_with(bytes) ? Next::more : Next::malformed;
  used = kLineEnd.size();
  state_ = State::chunk_size;
  return Next::done;
}

BodyDecoder::Next BodyDecoder::read_line(std::string_view bytes, std::size_t& used,
                                         http_detail::ControlFields& control) {
  const std::size_t end = bytes.find('\n', searched_);
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + 1;
  if (trailer_bytes_ + size > limits_.line_bytes) return Next::malformed;
  searched_ = end == std::string_view::npos ? size : 0;
  if (end == std::string_view::npos) return Next::more;
  if (end == 0 || bytes[end - 1] != '\r') return Next::malformed;
  used = size;
  const std::string_view line = bytes.substr(0, size);
  return state_ == State::trailers ? take_trailer(line, control) : take_chunk_size(line);
}

BodyDecoder::Next BodyDecoder::take_chunk_size(std::string_view line) noexcept {
  line.remove_suffix(2);
  const char* const end = line.data() + line.size();
  const auto [stop, failed] = std::from_chars(line.data(), end, left_, 16);
  line.remove_prefix(static_cast<std::size_t>(stop - line.data()));
  if (failed != std::errc() || http_detail::has_control(line) || !are_chunk_extensions(line)) {
    return Next::malformed;
  }
  state_ = left_ == 0 ? State::trailers : State::chunk_data;
  return too_large() ? Next::too_large : Next::done;
}

BodyDecoder::Next BodyDecoder::take_trailer(std::string_view line,
                                            http_detail::ControlFields& control) noexcept {
  if (line == "\r\n") {
    state_ = State::done;
    return Next::done;
  }
  const bool folded = trailer_bytes_ > 0 && http_detail::is_blank(line.front());
  trailer_bytes_ += line.size();
  if (folded) {
    return http_detail::has_control(line.substr(0, line.size() - 2)) ? Next::malformed : Next::done;
  }
  Header field;
  const bool good = take_field_line(line, field) && control.note(field.name, field.value).empty();
  return good ? Next::done : Next::malformed;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
