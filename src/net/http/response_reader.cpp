#include "net/http/response_reader.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "net/http/plain_head.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace http = boost::beast::http;

ResponseReader::Parser::Parser(HttpResponse& response, const ResponseLimits& limits)
    : response_(response), limits_(limits) {
  header_limit(static_cast<std::uint32_t>(limits.head_bytes));
  body_limit(boost::none);
}

void ResponseReader::Parser::on_response_impl(int status, Text, int version, Failure& error) {
  response_.status = status;
  if (version != 11 && version != 10) error = http::error::bad_version;
}

void ResponseReader::Parser::on_field_impl(http::field field, Text name, Text value,
                                           Failure& error) {
  if (is_header_done()) return;  // a trailer
  const std::string_view coding(value.data(), value.size());
  if (field == http::field::content_length && response_.headers.contains("Content-Length")) {
    error = http::error::multiple_content_length;
  } else if (field == http::field::transfer_encoding && !equals_ignoring_case(coding, "chunked")) {
    error = http::error::bad_transfer_encoding;
  }
  response_.headers.add(std::string_view(name.data(), name.size()),
                        std::string_view(value.data(), value.size()));
}

void ResponseReader::Parser::on_body_init_impl(const boost::optional<std::uint64_t>& length,
                                               Failure& error) {
  if (!length) return;
  if (*length > limits_.body_bytes) error = http::error::body_limit;
  response_.body.reserve(std::min<std::size_t>(*length, limits_.body_bytes));
}

std::size_t ResponseReader::Parser::on_body_impl(Text body, Failure& error) {
  if (response_.body.size() + body.size() > limits_.body_bytes) {
    error = http::error::body_limit;
    return 0;
  }
  response_.body.append(body.data(), body.size());
  return body.size();
}

void ResponseReader::Parser::on_chunk_header_impl(std::uint64_t size, Text, Failure& error) {
  if (size > limits_.body_bytes) error = http::error::body_limit;
}

std::size_t ResponseReader::Parser::on_chunk_body_impl(std::uint64_t, Text body, Failure& error) {
  return on_body_impl(body, error);
}

void ResponseReader::begin() {
  response_ = HttpResponse();
  parser_.emplace(response_, limits_);
  if (body_ == Body::none) parser_->skip(true);
  head_told_ = false;
}

ResponseReader::Next ResponseReader::fail_with(Errc code, std::string detail) {
  error_ = Error(code, std::move(detail));
  return Next::failed;
}

ResponseReader::Next ResponseReader::judge(const boost::beast::error_code& error) {
  if (error == http::error::body_limit) return fail_with(Errc::too_large, "answer too large");
  if (error == http::error::header_limit)
    return fail_with(Errc::too_large, "head of answer too large");
  return fail_with(Errc::invalid_reply, "answer is not HTTP");
}

std::size_t ResponseReader::take_bare_status_line(std::string_view bytes) {
  constexpr std::size_t kLine = std::string_view("HTTP/1.1 200").size();
  const bool bare = bytes.size() > kLine + 1 && bytes.substr(kLine, 2) == "\r\n";
  if (!bare || parser_->got_some()) return 0;
  const std::string line = std::string(bytes.substr(0, kLine)) + " \r\n";
  boost::beast::error_code error;
  parser_->put(boost::asio::const_buffer(line.data(), line.size()), error);
  return kLine + 2;
}

ResponseReader::Next ResponseReader::read(std::string_view bytes, std::size_t& used) {
  used = 0;
  if (bytes.empty()) return Next::more;
  if (plain_) return read_plain_body(bytes, used);
  if (!parser_ && way_ == Way::quick && body_ == Body::expected && read_plain_head(bytes, used)) {
    return plain_left_ != 0 ? Next::head : Next::done;
  }
  return parse(bytes, used);
}

/// `200 OK`, plain fields and a body of known length. \return false for all else, nothing changed
bool ResponseReader::read_plain_head(std::string_view bytes, std::size_t& used) {
  constexpr std::string_view kStatusLine = "HTTP/1.1 200 OK\r\n";
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = bytes.find(kEnd);
  if (end == std::string_view::npos || end + kEnd.size() > limits_.head_bytes) return false;
  std::string_view head = bytes.substr(0, end + kEnd.size());
  used = head.size();
  if (!head.starts_with(kStatusLine)) return false;
  head.remove_prefix(kStatusLine.size());
  PlainHead plain;
  const bool read = plain.read_fields(head, response_.headers, limits_.head_bytes);
  if (!read || !plain.length() || *plain.length() > limits_.body_bytes) {
    response_.headers.clear();
    return false;
  }
  plain_ = true;
  plain_left_ = *plain.length();
  response_.body.reserve(plain_left_);
  return true;
}

ResponseReader::Next ResponseReader::read_plain_body(std::string_view bytes, std::size_t& used) {
  used = std::min(bytes.size(), plain_left_);
  response_.body.append(bytes.substr(0, used));
  plain_left_ -= used;
  return plain_left_ == 0 ? Next::done : Next::more;
}

ResponseReader::Next ResponseReader::parse(std::string_view bytes, std::size_t& used) {
  if (!parser_) begin();
  used = take_bare_status_line(bytes);
  boost::beast::error_code error;
  // See RequestReader::read_body: what is left of a chunked body is at least five bytes.
  while (!parser_->is_done() && bytes.size() - used >= (parser_->chunked() ? 5U : 1U)) {
    used +=
        parser_->put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    if (error == http::error::need_more) break;
    if (error) return judge(error);
    if (!parser_->is_header_done() || head_told_) continue;
    if (response_.status < 200) {
      begin();
      continue;
    }
    head_told_ = true;
    if (parser_->content_length().value_or(0) > limits_.body_bytes && body_ == Body::expected) {
      return judge(http::error::body_limit);
    }
    parser_->eager(true);
    if (!parser_->is_done()) return Next::head;
  }
  if (parser_->is_done()) return Next::done;
  const bool stuck = bytes.size() - used > limits_.head_bytes;
  return stuck ? fail_with(Errc::invalid_reply, "answer is not HTTP") : Next::more;
}

ResponseReader::Next ResponseReader::end_of_stream() {
  boost::beast::error_code error;
  if (parser_ && parser_->got_some()) parser_->put_eof(error);
  if (parser_ && !error && parser_->is_done()) return Next::done;
  return fail_with(Errc::invalid_reply, "answer cut short");
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
