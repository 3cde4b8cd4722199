#pragma once

/// \file
/// Requests and responses as Boost.Beast's parser reads them: the oracle of the mutation tests.

#include <vx11/http_message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "http_readings.hpp"

namespace beast_readers {

namespace beast = boost::beast;
namespace http = beast::http;

inline std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

inline bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

using http_readings::failed;
using http_readings::Reading;
using http_readings::text_of;

/// Beast's grammar; callers detect and refuse what Beast tolerates and our readers do not.
template <bool kRequest>
class Parser final : public http::basic_parser<kRequest> {
 public:
  explicit Parser(std::size_t max_body) : max_body_(max_body) {
    // Not `boost::none`: Beast of Boost 1.74 then refuses every body that has a length.
    this->body_limit(std::numeric_limits<std::uint64_t>::max());
    this->header_limit(1 << 20);
    this->eager(true);
  }

  std::string method = {};
  std::string target = {};
  std::string body = {};
  vx11::Headers headers = {};
  int version = 0;
  int status = 0;
  bool says_close = false;

 private:
  using Text = beast::string_view;
  using Failure = beast::error_code;
  void on_request_impl(http::verb, Text method_text, Text target_text, int v, Failure&) override {
    method = std_view(method_text);
    target = std_view(target_text);
    version = v;
  }
  void on_response_impl(int code, Text, int v, Failure&) override {
    status = code;
    version = v;
  }
  void on_field_impl(http::field field, Text name, Text value, Failure&) override {
    if (field == http::field::connection || field == http::field::proxy_connection) {
      says_close = says_close || http::token_list(value).exists("close");
    }
    if (!this->is_header_done()) headers.add(std_view(name), std_view(value));
  }
  void on_header_impl(Failure&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Failure&) override {}
  std::size_t on_body_impl(Text piece, Failure& error) override {
    if (body.size() + piece.size() > max_body_) error = http::error::body_limit;
    body.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t size, Text extension, Failure& error) override {
    if (size > max_body_) error = http::error::body_limit;
    if (has_control(std_view(extension))) error = http::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, Text piece, Failure& error) override {
    return on_body_impl(piece, error);
  }
  void on_finish_impl(Failure&) override {}

  std::size_t max_body_;
};

/// Feeds `bytes` as far as the end of the head or the message. What is left of a chunked body is
/// never shorter than its last chunk, and Beast asserts as much.
template <class BeastParser>
beast::error_code feed(BeastParser& parser, std::string_view& bytes, bool head_only) {
  beast::error_code error;
  parser.eager(!head_only);
  while (!parser.is_done() && !(head_only && parser.is_header_done())) {
    if (bytes.size() < (parser.is_header_done() && parser.chunked() ? 5U : 1U)) break;
    bytes.remove_prefix(parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error));
    if (error) break;
  }
  return error == http::error::need_more ? beast::error_code() : error;
}

/// `host [":" port]` of RFC 9110 §7.2.
inline bool is_host(std::string_view host) {
  static const std::regex kGrammar(R"((\[[-\w.~%!$&'()*+,;=:]*\]|[-\w.~%!$&'()*+,;=]*)(:[0-9]*)?)");
  return std::regex_match(host.begin(), host.end(), kGrammar);
}

/// Cuts the scheme and authority off an absolute form; the authority becomes the Host.
/// \return whether it is valid
inline bool take_authority(std::string& target, vx11::Headers& headers) {
  static const std::regex kAbsolute("https?://([^/?#]*)(.*)", std::regex::icase);
  std::smatch parts;
  if (!std::regex_match(target, parts, kAbsolute)) return true;
  if (parts[1].length() == 0 || !is_host(parts[1].str())) return false;
  headers.set("Host", parts[1].str());
  const std::string path = parts[2].str();
  target = (path.starts_with('/') ? "" : "/") + path;
  return true;
}

/// The size of the head, 0 if it has no end; nothing if not all of its lines end with
/// CRLF or one is folded.
inline std::optional<std::size_t> strict_head(std::string_view bytes) {
  for (std::size_t line = 0;;) {
    const std::size_t end = bytes.find('\n', line);
    if (end == std::string_view::npos) return 0;
    if (end == 0 || bytes[end - 1] != '\r') return std::nullopt;
    if (line != 0 && (bytes[line] == ' ' || bytes[line] == '\t')) return std::nullopt;
    if (end == line + 1) return end + 1;
    line = end + 1;
  }
}

/// What is wrong with a head that Beast accepts, as a status; 0 if nothing is.
inline int judge(Parser<true>& parser, const vx11::net_detail::RequestLimits& limits) {
  const vx11::Headers& headers = parser.headers;
  const std::string_view length = headers.get("Content-Length");
  const bool digits = length.find_first_not_of("0123456789") == std::string_view::npos;
  if (headers.count("Content-Length") > 1 || !digits) return 400;
  if (headers.contains("Transfer-Encoding")) {
    const bool chunked = vx11::equals_ignoring_case(headers.get("Transfer-Encoding"), "chunked");
    if (headers.count("Transfer-Encoding") > 1 || !chunked) return 400;
    if (parser.version == 10 || headers.contains("Content-Length")) return 400;
  }
  const std::size_t hosts = headers.count("Host");
  if (hosts > 1 || (hosts == 0 && parser.version == 11)) return 400;
  if (!is_host(headers.get("Host"))) return 400;
  for (const vx11::Header header : headers) {
    if (parser.version == 10 || !vx11::equals_ignoring_case(header.name, "Expect")) continue;
    if (!vx11::equals_ignoring_case(header.value, "100-continue")) return 417;
  }
  if (parser.target.size() > limits.target_bytes) return 414;
  const auto is_visible = [](char c) { return c > ' ' && c < '\x7F'; };
  if (!std::all_of(parser.target.begin(), parser.target.end(), is_visible)) return 400;
  if (!take_authority(parser.target, parser.headers)) return 400;
  const bool asterisk = parser.target == "*" && parser.method == "OPTIONS";
  return asterisk || parser.target.starts_with('/') ? 0 : 400;
}

inline Reading read_request(std::string_view bytes, const vx11::net_detail::RequestLimits& limits) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  const auto head_size = strict_head(bytes);
  if (!head_size) return failed(400);
  if (*head_size == 0) return {};
  Parser<true> parser(limits.body_bytes);
  std::string_view head = bytes.substr(0, *head_size);
  if (feed(parser, head, true)) return failed(400);
  if (parser.headers.size() > limits.header_count) return failed(431);
  if (const int status = judge(parser, limits)) return failed(status);
  if (parser.content_length().value_or(0) > limits.body_bytes) return failed(413);
  bytes.remove_prefix(*head_size);
  const auto error = feed(parser, bytes, false);
  if (error) return failed(error == http::error::body_limit ? 413 : 400);
  if (!parser.is_done()) return {};
  Reading reading;
  reading.end = Reading::End::done;
  reading.text = parser.method + " " + parser.target + (parser.version == 10 ? " 1.0\n" : " 1.1\n");
  reading.text += text_of(parser.headers) + parser.body;
  reading.unread = bytes.size();
  reading.keep_alive = parser.keep_alive() && !parser.says_close;
  reading.expects_continue = parser.version == 11 && parser.headers.contains("Expect");
  return reading;
}

/// With the space before a missing phrase, which RFC 9112 §4 requires and some servers omit.
inline std::string with_space(std::string_view bytes) {
  constexpr std::size_t kLine = std::string_view("HTTP/1.1 200").size();
  std::string text(bytes);
  if (bytes.size() > kLine && bytes.substr(kLine, 2) == "\r\n") text.insert(kLine, 1, ' ');
  return text;
}

inline bool good_framing(const Parser<false>& parser) {
  const std::string_view length = parser.headers.get("Content-Length");
  const bool digits = length.find_first_not_of("0123456789") == std::string_view::npos;
  if (parser.headers.count("Content-Length") > 1 || !digits) return false;
  const auto coding = parser.headers.find("Transfer-Encoding");
  return !coding || vx11::equals_ignoring_case(*coding, "chunked");
}

/// \param closed whether the connection ends after `bytes`
inline Reading read_response(std::string_view received, bool closed,
                             const vx11::net_detail::ResponseLimits& limits) {
  const std::string text = with_space(received);
  std::string_view bytes = text;
  Parser<false> parser(limits.body_bytes);
  if (bytes.empty()) return closed ? failed(502) : Reading();
  if (feed(parser, bytes, true)) return failed(502);
  if (!parser.is_header_done()) return closed ? failed(502) : Reading();
  if (parser.status < 100 || parser.status == 101) return failed(502);
  if (!good_framing(parser)) return failed(502);
  if (parser.status < 200) return read_response(bytes, closed, limits);
  const bool empty = parser.status == 204 || parser.status == 304;
  if (!empty && parser.content_length().value_or(0) > limits.body_bytes) return failed(413);
  const auto error = feed(parser, bytes, false);
  if (error) return failed(error == http::error::body_limit ? 413 : 502);
  beast::error_code cut_short;
  if (!parser.is_done() && closed) parser.put_eof(cut_short);
  if (!parser.is_done()) return closed ? failed(502) : Reading();
  Reading reading;
  reading.end = Reading::End::done;
  reading.status = parser.status;
  reading.text = text_of(parser.headers) + parser.body;
  reading.unread = bytes.size();
  const bool faulty = parser.version == 10 && parser.headers.contains("Transfer-Encoding");
  reading.keep_alive = parser.keep_alive() && !parser.says_close && !faulty;
  return reading;
}

}  // namespace beast_readers
