#include "http.hpp"

#include <array>
#include <charconv>
#include <iterator>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace upstream {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t kHeaderLimit = 64 * 1024;
constexpr std::uint64_t kBodyLimit = 64ULL * 1024 * 1024;

std::string_view std_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool contains_ignoring_case(boost::beast::string_view text, std::string_view lower) {
  for (std::size_t at = 0; at + lower.size() <= text.size(); ++at) {
    if (boost::beast::iequals(text.substr(at, lower.size()), {lower.data(), lower.size()}))
      return true;
  }
  return false;
}

}  // namespace

void Request::clear() {
  method.clear();
  target.clear();
  path = {};
  head.clear();
  body.clear();
  token.clear();
  user_agent.clear();
  power_key.clear();
  power_token.clear();
  version = 11;
  has_token = accepts_events = expects_continue = false;
  keep_alive = true;
}

void Reply::clear() {
  status = 200;
  content_type = "application/json";
  headers.clear();
  body.clear();
  events.clear();
  error_event.clear();
  delay = gap = std::chrono::milliseconds{0};
  calls_switch = false;
}

void Reply::set(int new_status, std::string new_body) {
  status = new_status;
  body = std::move(new_body);
}

void append_head(std::string& out, const Reply& reply, const Request& request) {
  if (reply.status == 200) {
    out += "HTTP/1.1 200 OK\r\nserver: vx11-upstream\r\ncontent-type: ";
  } else {
    const auto reason = http::obsolete_reason(static_cast<http::status>(reply.status));
    fmt::format_to(std::back_inserter(out),
                   "HTTP/1.1 {} {}\r\nserver: vx11-upstream\r\ncontent-type: ", reply.status,
                   std_view(reason));
  }
  out += reply.content_type;
  out += "\r\n";
  out += reply.headers;
  if (!request.keep_alive) {
    out += "connection: close\r\n";
  } else if (request.version < 11) {
    out += "connection: keep-alive\r\n";
  }
}

void append_length(std::string& out, std::size_t length) {
  const fmt::format_int digits(length);
  out += "content-length: ";
  out.append(digits.data(), digits.size());
  out += "\r\n";
}

void append_chunk(std::string& out, std::string_view data) {
  std::array<char, 16> digits;
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), data.size(), 16).ptr);
  out += "\r\n";
  out += data;
  out += "\r\n";
}

void reply_not_found(Reply& reply) {
  reply.set(404, R"({"detail":"Not Found"})");
}

void reply_method_not_allowed(Reply& reply, std::string_view allowed) {
  reply.set(405, R"({"detail":"Method Not Allowed"})");
  reply.headers = fmt::format("allow: {}\r\n", allowed);
}

RequestParser::RequestParser(Request& request) : request_(request) {
  header_limit(kHeaderLimit);
  body_limit(kBodyLimit);
}

RequestParser::Progress RequestParser::feed(boost::beast::flat_buffer& inbox) {
  while (!is_done()) {
    if (inbox.size() == 0) return Progress::need_more;
    const bool in_head = !is_header_done();
    error_code ec;
    const std::size_t used = put(inbox.cdata(), ec);
    if (in_head) request_.head.append(static_cast<const char*>(inbox.cdata().data()), used);
    inbox.consume(used);
    if (ec == http::error::need_more) return Progress::need_more;
    if (ec) return Progress::failed;
    if (in_head && is_header_done() && !is_done()) return Progress::head_done;
  }
  return Progress::done;
}

void RequestParser::on_request_impl(http::verb /*verb*/, View method, View target, int version,
                                    error_code& /*ec*/) {
  request_.method = std_view(method);
  request_.target = std_view(target);
  request_.path = std::string_view(request_.target);
  request_.path = request_.path.substr(0, request_.path.find('?'));
  request_.version = version;
}

void RequestParser::on_field_impl(http::field field, View name, View value, error_code& /*ec*/) {
  if (field == http::field::accept) {
    request_.accepts_events |= contains_ignoring_case(value, "text/event-stream");
  } else if (field == http::field::expect) {
    request_.expects_continue = boost::beast::iequals(value, "100-continue");
  } else if (field == http::field::user_agent) {
    request_.user_agent = std_view(value);
  } else if (boost::beast::iequals(name, "x-vx11-power-key")) {
    request_.power_key = std_view(value);
  } else if (boost::beast::iequals(name, "x-vx11-power-token")) {
    request_.power_token = std_view(value);
  } else if (field == http::field::unknown && boost::beast::iequals(name, "x-vx11-token")) {
    if (request_.has_token) request_.token += ',';
    request_.token += std_view(value);
    request_.has_token = true;
  }
}

void RequestParser::on_header_impl(error_code& /*ec*/) {
  request_.keep_alive = keep_alive();
}

std::size_t RequestParser::on_body_impl(View piece, error_code& /*ec*/) {
  request_.body += std_view(piece);
  return piece.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*remain*/, View piece,
                                              error_code& /*ec*/) {
  request_.body += std_view(piece);
  return piece.size();
}

void RequestParser::on_response_impl(int, View, int, error_code&) {}
void RequestParser::on_body_init_impl(const Length&, error_code&) {}
void RequestParser::on_chunk_header_impl(std::uint64_t, View, error_code&) {}
void RequestParser::on_finish_impl(error_code&) {}

}  // namespace upstream
