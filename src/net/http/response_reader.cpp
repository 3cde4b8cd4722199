#include "net/http/response_reader.hpp"

#include <algorithm>
#include <utility>

#include "http/char_class.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

constexpr std::string_view kVersion = "HTTP/1.";

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Whether more bytes could complete an HTTP/1 status line.
bool may_become_status_line(std::string_view bytes) noexcept {
  return bytes.starts_with(kVersion) || kVersion.starts_with(bytes);
}

}  // namespace

bool ResponseReader::keep_alive() const noexcept {
  // RFC 9112 §6.1: chunks in HTTP/1.0 mean that an intermediary forwarded a framing it did not
  // parse.
  const bool trusted = minor_version_ > 0 || !head_.control().chunked;
  return trusted && !body_.ends_with_connection() && head_.control().persists(minor_version_);
}

ResponseReader::Next ResponseReader::fail_with(Errc code, const char* why) noexcept {
  failed_ = code;
  why_ = why;
  return Next::failed;
}

ResponseReader::Next ResponseReader::read(std::string_view bytes, std::size_t& used) {
  used = 0;
  return has_head_ ? read_body(bytes, used) : read_head(bytes, used);
}

ResponseReader::Next ResponseReader::read_head(std::string_view bytes, std::size_t& used) {
  while (!has_head_) {
    if (!head_.has_start_line()) {
      const Next next = read_status_line(bytes, used);
      if (next != Next::head) return next;
    }
    const HeadParser::Next next = head_.take_fields(bytes, used, response_.headers);
    if (next == HeadParser::Next::more) return Next::more;
    if (next != HeadParser::Next::done) return fail_head(next);
    // RFC 9110 §15.2.2: only a request with Upgrade, which none of ours is, is answered 101.
    if (response_.status == 101) return fail_head(HeadParser::Next::malformed);
    has_head_ = response_.status >= 200;
    if (has_head_) break;
    response_.headers.clear();
    head_.reset();
  }
  return finish_head();
}

/// \return `head` if it is complete
ResponseReader::Next ResponseReader::read_status_line(std::string_view bytes, std::size_t& used) {
  if (!may_become_status_line(bytes.substr(used))) return fail_head(HeadParser::Next::malformed);
  const HeadParser::Next next = head_.take_start_line(
      bytes, used, [this](std::string_view& text) { return take_status_line(text); });
  if (next == HeadParser::Next::more) return Next::more;
  return next == HeadParser::Next::done ? Next::head : fail_head(next);
}

/// `HTTP/1.1 200 phrase CRLF`. RFC 9112 §4 requires the space even without a phrase, but some
/// servers omit it.
bool ResponseReader::take_status_line(std::string_view& text) noexcept {
  constexpr std::size_t kPhrase = std::string_view("HTTP/1.1 200").size();
  if (text.size() < kPhrase) return false;
  const char* const at = text.data();
  const char* const end = at + text.size();
  if ((at[7] != '1' && at[7] != '0') || at[8] != ' ') return false;
  if (!is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11])) return false;
  const char* const phrase = at + kPhrase;
  const char* const line_end = http_detail::find_control(phrase, end);
  if (!http_detail::starts_with_crlf(line_end, end) || (line_end != phrase && *phrase != ' '))
    return false;
  minor_version_ = at[7] - '0';
  response_.status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
  text = {line_end + 2, end};
  return response_.status >= 100;
}

ResponseReader::Next ResponseReader::fail_head(HeadParser::Next why) {
  if (why == HeadParser::Next::too_large) {
    return fail_with(Errc::too_large, "head of answer too large");
  }
  return fail_with(Errc::invalid_reply, "answer is not HTTP");
}

/// RFC 9112 §6.3.
ResponseReader::Next ResponseReader::finish_head() {
  const http_detail::ControlFields& control = head_.control();
  const int status = response_.status;
  if (expected_ == Body::none || status == 204 || status == 304) {
    body_.begin_none();
  } else if (control.chunked) {
    body_.begin_chunked();
  } else if (control.length) {
    body_.begin_length(*control.length);
    if (body_.too_large()) return fail_with(Errc::too_large, "answer too large");
    response_.body.reserve(*control.length);
  } else {
    body_.begin_until_close();
  }
  return body_.done() ? Next::done : Next::head;
}

ResponseReader::Next ResponseReader::read_body(std::string_view bytes, std::size_t& used) {
  switch (body_.read(bytes, used, response_.body, head_.control())) {
    case BodyDecoder::Next::more:
      return Next::more;
    case BodyDecoder::Next::done:
      return Next::done;
    case BodyDecoder::Next::too_large:
      return fail_with(Errc::too_large, "answer too large");
    case BodyDecoder::Next::malformed:
      break;
  }
  return fail_with(Errc::invalid_reply, "answer is not HTTP");
}

ResponseReader::Next ResponseReader::end_of_stream() {
  if (has_head_ && (body_.done() || body_.ends_with_connection())) return Next::done;
  return fail_with(Errc::invalid_reply, "answer cut short");
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
