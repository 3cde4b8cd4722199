#pragma once

/// \file
/// Parses one HTTP/1.1 response from bytes. Independent of sockets. Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "net/http/body_decoder.hpp"
#include "net/http/head_parser.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Size limits of a response.
struct ResponseLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t body_bytes = 4 * 1024 * 1024;
};

/// Parses bytes into an HttpResponse by RFC 9112, as strict about its length as `RequestReader`.
/// Interim responses (1xx) are skipped.
class ResponseReader {
 public:
  enum class Next : std::uint8_t { more, head, done, failed };
  enum class Body : std::uint8_t { expected, none };  ///< None: the response to HEAD.

  ResponseReader(ResponseLimits limits, Body body) noexcept
      : head_({.bytes = limits.head_bytes}, Folding::join),
        body_({.bytes = limits.body_bytes, .line_bytes = limits.head_bytes}),
        expected_(body) {}

  /// Parses `bytes`; `used` is how many to consume. Returns `head` once, when the header section is
  /// complete and before any of the body is consumed.
  Next read(std::string_view bytes, std::size_t& used);
  /// Reports that the peer has closed.
  /// \return `done` if the close ends the body
  Next end_of_stream();

  HttpResponse& response() noexcept { return response_; }
  /// Removes and returns the body data so far, for streaming. The limit then applies to the data
  /// not yet removed.
  std::string take_body() { return std::exchange(response_.body, {}); }
  bool keep_alive() const noexcept;
  /// The error: `invalid_reply` or `too_large`.
  Error error() const { return Error(failed_, why_); }

 private:
  Next read_head(std::string_view bytes, std::size_t& used);
  Next read_status_line(std::string_view bytes, std::size_t& used);
  bool take_status_line(std::string_view& text) noexcept;
  Next fail_head(HeadParser::Next why);
  Next finish_head();
  Next read_body(std::string_view bytes, std::size_t& used);
  /// \param why of static lifetime: an open stream holds this object
  Next fail_with(Errc code, const char* why) noexcept;

  HttpResponse response_;
  HeadParser head_;
  BodyDecoder body_;
  Body expected_;
  bool has_head_ = false;  ///< Of the final response.
  int minor_version_ = 1;
  Errc failed_ = Errc::invalid_reply;
  const char* why_ = "";
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
