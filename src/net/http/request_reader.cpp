#include "net/http/request_reader.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "http/char_class.hpp"
#include "http/host_and_port.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr char kTlsHandshake = '\x16';

/// Whether `text` is the end of a request line of any version of HTTP.
bool names_version(std::string_view text) noexcept {
  constexpr std::string_view kPrefix = " HTTP/";
  text = text.substr(text.starts_with(kPrefix) ? kPrefix.size() : text.size());
  return text.size() == 5 && http_detail::is_port_char(text[0]) && text[1] == '.' &&
         http_detail::is_port_char(text[2]) && text.ends_with(kCrlf);
}

/// The size of `http://` or `https://` in front of `target`; 0 without.
std::size_t scheme_size(std::string_view target) noexcept {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

void RequestReader::reset() noexcept {
  request_.method.clear();
  request_.target.clear();
  request_.headers.clear();
  request_.body.clear();
  request_.peer.reset();
  head_.reset();
  body_.begin_none();
  is_1_0_ = false;
  skipped_empty_line_ = false;
  other_version_ = false;
  status_ = 0;
  why_ = {};
}

RequestReader::Next RequestReader::refuse(int status, std::string_view why) noexcept {
  status_ = status;
  why_ = why;
  return Next::refused;
}

RequestReader::Next RequestReader::read_head(std::string_view bytes, std::size_t& used) {
  used = 0;
  if (!head_.has_start_line()) {
    const Next next = read_request_line(bytes, used);
    if (next != Next::done) return next;
  }
  const HeadParser::Next next = head_.take_fields(bytes, used, request_.headers);
  if (next == HeadParser::Next::more) return Next::more;
  return next == HeadParser::Next::done ? finish_head() : refuse_head(next);
}

/// RFC 9112 §2.2: one empty line before the request line is ignored. What cannot become a method is
/// refused by its first byte: a TLS client sends no line feed for which to wait.
RequestReader::Next RequestReader::read_request_line(std::string_view bytes, std::size_t& used) {
  if (!skipped_empty_line_ && bytes.starts_with(kCrlf)) {
    used = kCrlf.size();
    skipped_empty_line_ = true;
  }
  const std::string_view line = bytes.substr(used);
  if (!may_become_request_line(line)) {
    const bool is_tls = line.front() == kTlsHandshake;
    return refuse(400, is_tls ? "TLS on a listener for plain HTTP" : "malformed start line");
  }
  const HeadParser::Next next = head_.take_start_line(
      bytes, used, [this](std::string_view& text) { return take_request_line(text); });
  if (next == HeadParser::Next::more) return Next::more;
  if (next == HeadParser::Next::too_large) return refuse(414, "request target too long");
  if (next == HeadParser::Next::malformed && other_version_) {
    return refuse(400, "neither HTTP/1.1 nor HTTP/1.0");
  }
  return next == HeadParser::Next::done ? Next::done : refuse_head(next);
}

bool RequestReader::may_become_request_line(std::string_view bytes) const noexcept {
  if (bytes.empty() || http_detail::is_token_char(bytes.front())) return true;
  return bytes == kCrlf.substr(0, 1) && !skipped_empty_line_;
}

/// `method SP target SP HTTP/1.1 CRLF`
bool RequestReader::take_request_line(std::string_view& text) {
  constexpr std::size_t kVersion = std::string_view(" HTTP/1.1\r\n").size();
  const char* const end = text.data() + text.size();
  const char* const method_end = http_detail::skip_token(text.data(), end);
  if (method_end == text.data() || method_end == end || *method_end != ' ') return false;
  const char* const target = method_end + 1;
  const char* const target_end = http_detail::find_below<'!'>(target, end);
  if (target_end == target || end - target_end < std::ptrdiff_t{kVersion}) return false;
  const std::string_view version(target_end, kVersion);
  is_1_0_ = version == " HTTP/1.0\r\n";
  if (!is_1_0_ && version != " HTTP/1.1\r\n") {
    other_version_ = names_version(version);
    return false;
  }
  request_.method.assign(text.data(), method_end);
  request_.target.assign(target, target_end);
  text = {version.data() + version.size(), end};
  return true;
}

RequestReader::Next RequestReader::refuse_head(HeadParser::Next why) noexcept {
  if (why == HeadParser::Next::too_large) return refuse(431, "request head too large");
  if (why == HeadParser::Next::too_many_fields) return refuse(431, "too many header fields");
  return refuse(400, head_.mistake());
}

RequestReader::Next RequestReader::finish_head() {
  const http_detail::ControlFields& control = head_.control();
  const std::string_view mistake = contradiction();
  if (!mistake.empty()) return refuse(400, mistake);
  if (control.expects_other && !is_1_0_) return refuse(417, "unknown expectation");
  if (finish_target() == Next::refused) return Next::refused;
  if (control.chunked) body_.begin_chunked();
  if (control.length) {
    body_.begin_length(*control.length);
    request_.body.reserve(std::min<std::uint64_t>(*control.length, limits_.body_bytes));
  }
  return Next::done;
}

/// What is wrong with the complete head; empty if it is valid.
std::string_view RequestReader::contradiction() const noexcept {
  const http_detail::ControlFields& control = head_.control();
  if (is_1_0_ && control.chunked) return "unsupported Transfer-Encoding";
  const bool may_lack_host = is_1_0_;
  if (control.hosts > 1 || (control.hosts == 0 && !may_lack_host)) return "not exactly one Host";
  return control.good_host ? std::string_view() : "malformed Host";
}

RequestReader::Next RequestReader::finish_target() {
  std::string& target = request_.target;
  if (target.size() > limits_.target_bytes) return refuse(414, "request target too long");
  const auto beyond_ascii = [](char c) { return static_cast<unsigned char>(c) >= 0x7F; };
  if (std::any_of(target.begin(), target.end(), beyond_ascii)) {
    return refuse(400, "malformed request target");
  }
  if (!take_authority(target)) return refuse(400, "malformed request target");
  if (target.starts_with('/') || (target == "*" && request_.method == "OPTIONS")) return Next::done;
  return refuse(400, "malformed request target");
}

/// RFC 9112 §3.2.2: the authority of an absolute form is the Host, and its path the target.
bool RequestReader::take_authority(std::string& target) {
  const std::size_t from = scheme_size(target);
  if (from == 0) return true;
  const std::size_t end = std::min(target.find_first_of("/?#", from), target.size());
  const std::string_view authority = std::string_view(target).substr(from, end - from);
  if (authority.empty() || !http_detail::is_host_and_port(authority)) return false;
  request_.headers.set("Host", authority);
  std::string path = target.substr(end);
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
  target = std::move(path);
  return true;
}

bool RequestReader::limit_body(std::size_t bytes) noexcept {
  body_.limit(bytes);
  if (body_.too_large()) refuse(413, "request body too large");
  return !body_.too_large();
}

RequestReader::Next RequestReader::read_body(std::string_view bytes, std::size_t& used) {
  switch (body_.read(bytes, used, request_.body, head_.control())) {
    case BodyDecoder::Next::more:
      return Next::more;
    case BodyDecoder::Next::done:
      return Next::done;
    case BodyDecoder::Next::too_large:
      return refuse(413, "request body too large");
    case BodyDecoder::Next::malformed:
      break;
  }
  return refuse(400, "malformed request body");
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
