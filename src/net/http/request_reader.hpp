#pragma once

/// \file
/// Parses one HTTP/1.1 request from bytes, strictly. Independent of sockets. Internal.

#include <vx11/http_message.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/http/body_decoder.hpp"
#include "net/http/head_parser.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Size limits of a request.
struct RequestLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t header_count = 100;
  std::size_t target_bytes = 4 * 1024;
  std::size_t body_bytes = 1024 * 1024;
};

/// Parses bytes into an HttpRequest by RFC 9112, choosing the stricter rule where it allows
/// several. Ambiguous input is refused, because a proxy in front may have parsed it differently
/// (docs/design/http_reader.md).
///
/// Reusable for the next request after `reset`, which keeps the allocated memory.
class RequestReader {
 public:
  enum class Next : std::uint8_t {
    more,     ///< Needs more bytes.
    done,     ///< Head or body is complete.
    refused,  ///< `status()` has the reason; close the connection after responding.
  };

  explicit RequestReader(RequestLimits limits) noexcept
      : limits_(limits),
        head_({.bytes = limits.head_bytes, .fields = limits.header_count}, Folding::refuse),
        body_({.bytes = limits.body_bytes, .line_bytes = limits.head_bytes}) {
    reset();  // the method of a request is GET by default
  }

  void reset() noexcept;

  /// Parses the received bytes not yet consumed; `used` is how many to consume, whatever the
  /// result.
  Next read_head(std::string_view bytes, std::size_t& used);
  Next read_body(std::string_view bytes, std::size_t& used);

  /// Complete after `read_head`, except for the body.
  HttpRequest& request() noexcept { return request_; }
  /// 400, 408, 413, 414, 417 or 431 once refused; 0 before.
  int status() const noexcept { return status_; }
  /// The reason in plain text.
  std::string_view why() const noexcept { return why_; }

  bool has_body() const noexcept { return !body_.done(); }
  /// Sets the largest body of this request, once its head is read.
  /// \return whether the declared length is within it; otherwise the request is refused with 413
  bool limit_body(std::size_t bytes) noexcept;
  bool keep_alive() const noexcept { return head_.control().persists(is_1_0_ ? 0 : 1); }
  /// HTTP/1.0: the client does not support chunks, and needs an explicit keep-alive.
  bool is_1_0() const noexcept { return is_1_0_; }
  /// RFC 9110 §10.1.1: an expectation of HTTP/1.0 is ignored.
  bool expects_continue() const noexcept { return !is_1_0_ && head_.control().expects_continue; }
  /// Refuses the request with 408: the client took too long.
  void time_out() noexcept { refuse(408, "request took too long"); }

 private:
  Next read_request_line(std::string_view bytes, std::size_t& used);
  bool may_become_request_line(std::string_view bytes) const noexcept;
  bool take_request_line(std::string_view& text);
  Next refuse_head(HeadParser::Next why) noexcept;
  Next finish_head();
  std::string_view contradiction() const noexcept;
  Next finish_target();
  bool take_authority(std::string& target);
  Next refuse(int status, std::string_view why) noexcept;

  RequestLimits limits_;
  HttpRequest request_;
  HeadParser head_;
  BodyDecoder body_;
  bool is_1_0_ = false;
  bool skipped_empty_line_ = false;
  bool other_version_ = false;
  int status_ = 0;
  std::string_view why_ = {};
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
