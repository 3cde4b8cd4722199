#include "net/http/request_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "net/http/plain_head.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// The characters of a host and port (RFC 3986 §3.2), userinfo left out on purpose.
constexpr auto kHostCharacters = [] {
  std::array<bool, 256> is_one{};
  for (const char c : std::string_view("-._~%!$&'()*+,;=:[]0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    is_one[static_cast<unsigned char>(c)] = true;
  }
  return is_one;
}();

bool is_host(std::string_view host) noexcept {
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return kHostCharacters[static_cast<unsigned char>(c)]; });
}

bool is_all_digits(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What the fields say that decide how a message is read; noted as they pass.
struct Decisive {
  int lengths = 0;
  int codings = 0;
  int hosts = 0;
  bool good_length = true;
  bool chunked_only = true;
  bool good_host = true;
  bool expects_continue = false;
  bool expects_other = false;

  void note(http::field field, std::string_view value) noexcept {
    switch (field) {
      case http::field::content_length:
        ++lengths;
        good_length = is_all_digits(value);
        break;
      case http::field::transfer_encoding:
        ++codings;
        chunked_only = equals_ignoring_case(value, "chunked");
        break;
      case http::field::host:
        ++hosts;
        good_host = is_host(value);
        break;
      case http::field::expect:
        (equals_ignoring_case(value, "100-continue") ? expects_continue : expects_other) = true;
        break;
      default:
        break;
    }
  }
};

}  // namespace

/// Beast's parser, told where to put what it finds.
class RequestReader::Parser final : public http::basic_parser<true> {
 public:
  Parser(HttpRequest& request, const RequestLimits& limits) : request_(request), limits_(limits) {
    body_limit(boost::none);
    header_limit(static_cast<std::uint32_t>(limits.head_bytes + 1));
    eager(true);
  }

  int version = 0;
  Decisive decisive = {};

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int v,
                       beast::error_code&) override {
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    version = v;
  }
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (is_header_done())
      return;  // a trailer; one that looks like a credential must not become one
    if (++fields_ > limits_.header_count) error = http::error::header_limit;
    decisive.note(field, std_view(value));
    request_.headers.add(std_view(name), std_view(value));
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                         beast::error_code&) override {
    if (length) request_.body.reserve(std::min<std::size_t>(*length, limits_.body_bytes));
  }
  std::size_t on_body_impl(beast::string_view body, beast::error_code& error) override {
    if (request_.body.size() + body.size() > limits_.body_bytes) {
      error = http::error::body_limit;
      return 0;
    }
    request_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view,
                            beast::error_code& error) override {
    if (size > limits_.body_bytes) error = http::error::body_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                 beast::error_code& error) override {
    return on_body_impl(body, error);
  }
  void on_finish_impl(beast::error_code&) override {}

  HttpRequest& request_;
  const RequestLimits& limits_;
  std::size_t fields_ = 0;
};

/// One parser after the other, in the same place.
struct RequestReader::Grammar {
  std::optional<Parser> parser;
};

RequestReader::RequestReader(RequestLimits limits, Way way)
    : limits_(limits), grammar_(std::make_unique<Grammar>()), way_(way) {}
RequestReader::~RequestReader() = default;

RequestReader::Parser& RequestReader::parser() const noexcept {
  return *grammar_->parser;
}

void RequestReader::reset() {
  request_.headers.clear();
  request_.body.clear();
  plain_ = false;
  scanned_ = 0;
  status_ = 0;
  why_ = {};
  expects_continue_ = false;
}

bool RequestReader::has_body() const noexcept {
  return plain_ ? plain_left_ > 0 : !parser().is_done();
}
bool RequestReader::is_1_0() const noexcept {
  return !plain_ && parser().version == 10;
}
bool RequestReader::keep_alive() const noexcept {
  return plain_ || parser().keep_alive();
}

RequestReader::Next RequestReader::refuse(int status, std::string_view why) noexcept {
  status_ = status;
  why_ = why;
  return Next::refused;
}

RequestReader::Next RequestReader::read_head(std::string_view bytes, std::size_t& used) {
  used = 0;
  if (scanned_ == 0 &&
      bytes.starts_with("\r\n")) {  // RFC 9112 §2.2: one empty line before is ignored
    used = 2;
    bytes.remove_prefix(2);
  }
  const Next next = scan(bytes);
  if (next != Next::done) return next;
  used += scanned_;
  return parse_head(bytes.substr(0, scanned_));
}

/// Finds the end of the head, line by line, from where it stopped last.
RequestReader::Next RequestReader::scan(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n', scanned_);
    if (end == std::string_view::npos || end >= limits_.head_bytes) {
      return bytes.size() > limits_.head_bytes ? too_long(bytes) : Next::more;
    }
    if (end == 0 || bytes[end - 1] != '\r') return refuse(400, "line does not end with CRLF");
    const bool folded = scanned_ != 0 && (bytes[scanned_] == ' ' || bytes[scanned_] == '\t');
    if (folded) return refuse(400, "folded header line");
    const bool empty = end == scanned_ + 1;
    scanned_ = end + 1;
    if (empty) return Next::done;
  }
}

RequestReader::Next RequestReader::too_long(std::string_view bytes) {
  const bool in_target = bytes.find('\n') >= limits_.head_bytes;
  return in_target ? refuse(414, "request target too long") : refuse(431, "request head too large");
}

/// METHOD target HTTP/1.1 and plain fields, the body's length known or none.
bool RequestReader::read_plain_head(std::string_view head) {
  const std::string_view method = PlainHead::take_word(head, ' ');
  const std::string_view target = PlainHead::take_word(head, ' ');
  constexpr std::string_view kVersion = "HTTP/1.1\r\n";
  if (method != "GET" && method != "POST") return false;
  if (target.empty() || !head.starts_with(kVersion)) return false;
  head.remove_prefix(kVersion.size());
  PlainHead plain;
  const bool read = plain.read_fields(head, request_.headers, limits_.header_count);
  const std::size_t length = plain.length().value_or(0);
  if (!read || !is_host(plain.host()) || plain.host().empty() || length > limits_.body_bytes) {
    request_.headers.clear();
    return false;
  }
  request_.method.assign(method);
  request_.target.assign(target);
  request_.body.reserve(length);
  plain_left_ = length;
  return true;
}

RequestReader::Next RequestReader::parse_head(std::string_view head) {
  plain_ = way_ == Way::quick && read_plain_head(head);
  if (plain_) return judge_target() ? Next::done : Next::refused;
  grammar_->parser.emplace(request_, limits_);
  beast::error_code error;
  parser().eager(false);
  while (!head.empty() && !parser().is_header_done()) {
    head.remove_prefix(parser().put(boost::asio::const_buffer(head.data(), head.size()), error));
    if (error) break;
  }
  parser().eager(true);
  if (error == http::error::header_limit) return refuse(431, "too many header fields");
  if (error) return refuse(400, "malformed request head");
  return judge_head() ? Next::done : Next::refused;
}

/// What the grammar allows and we do not.
bool RequestReader::judge_head() {
  const Decisive& said = parser().decisive;
  const int version = parser().version;
  const auto no = [this](int status, std::string_view why) {
    refuse(status, why);
    return false;
  };
  if (version != 11 && version != 10) return no(400, "unsupported HTTP version");
  if (said.lengths > 0) {
    if (said.codings > 0) return no(400, "both Content-Length and Transfer-Encoding");
    if (said.lengths > 1) return no(400, "repeated Content-Length");
    if (!said.good_length) return no(400, "malformed Content-Length");
  }
  if (said.codings > 1 || (said.codings == 1 && (version == 10 || !said.chunked_only))) {
    return no(400, "unsupported Transfer-Encoding");
  }
  if (said.hosts > 1 || (said.hosts == 0 && version == 11)) {
    return no(400, "not exactly one Host");
  }
  if (!said.good_host) return no(400, "malformed Host");
  if (said.expects_other) return no(417, "unknown expectation");
  expects_continue_ = said.expects_continue;
  return judge_target();
}

bool RequestReader::judge_target() {
  std::string& target = request_.target;
  if (target.size() > limits_.target_bytes) {
    refuse(414, "request target too long");
    return false;
  }
  // RFC 9112 §3.2.2: a server accepts the absolute form, too; its authority is not ours to judge.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find('/', scheme.size());
    target = path == std::string::npos ? std::string("/") : target.substr(path);
  }
  if (target.starts_with('/') || (target == "*" && request_.method == "OPTIONS")) return true;
  refuse(400, "malformed request target");
  return false;
}

RequestReader::Next RequestReader::read_plain_body(std::string_view bytes, std::size_t& used) {
  used = std::min(bytes.size(), plain_left_);
  request_.body.append(bytes.substr(0, used));
  plain_left_ -= used;
  return plain_left_ == 0 ? Next::done : Next::more;
}

RequestReader::Next RequestReader::read_body(std::string_view bytes, std::size_t& used) {
  if (plain_) return read_plain_body(bytes, used);
  used = 0;
  beast::error_code error;
  // What is left of a chunked body is never shorter than its last chunk, and Beast 1.81 asserts as
  // much.
  const std::size_t least = parser().chunked() ? 5 : 1;
  while (!parser().is_done() && bytes.size() - used >= least) {
    const std::size_t taken =
        parser().put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    used += taken;
    if (error == http::error::need_more) break;
    if (error == http::error::body_limit) return refuse(413, "request body too large");
    if (error) return refuse(400, "malformed request body");
  }
  if (parser().is_done()) return Next::done;
  // What is left unread is the start of a chunk's head or of trailers; neither has a reason to be
  // long.
  const bool stuck = bytes.size() - used > limits_.head_bytes;
  return stuck ? refuse(400, "chunk head or trailers too long") : Next::more;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
