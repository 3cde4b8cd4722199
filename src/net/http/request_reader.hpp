#pragma once

/// \file
/// Reads one HTTP/1.1 request out of bytes, strictly. Knows no socket. Internal.

#include <vx11/http_message.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// How large a request may be.
struct RequestLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t header_count = 100;
  std::size_t target_bytes = 4 * 1024;
  std::size_t body_bytes = 1024 * 1024;
};

/// Turns bytes into an HttpRequest by RFC 9112, where that leaves a choice by the stricter one:
/// what two programs could read in two ways is refused, because a proxy before us may have read it
/// the other way.
///
/// Beast's parser does the grammar, unless the head is plain; what it lets pass for the sake of old
/// peers (folded lines, repeated lengths, any transfer coding, any version) is refused here. Used
/// again for the next request after `reset`, so that its memory is.
class RequestReader {
 public:
  enum class Next : std::uint8_t {
    more,     ///< Needs more bytes.
    done,     ///< Head or body is complete.
    refused,  ///< `status()` says how; the connection cannot be used further.
  };

  /// Whether a plain head may be read without Beast's parser, with the same outcome.
  enum class Way : std::uint8_t { quick, parser_only };

  explicit RequestReader(RequestLimits limits, Way way = Way::quick);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  void reset();

  /// Looks at all bytes received so far and not consumed. `used` is how many it is through with.
  Next read_head(std::string_view bytes, std::size_t& used);
  Next read_body(std::string_view bytes, std::size_t& used);

  /// Complete after `read_head`, but for the body.
  HttpRequest& request() noexcept { return request_; }
  /// 400, 408, 413, 414, 417 or 431 once refused; 0 before.
  int status() const noexcept { return status_; }
  /// Why, in our own words.
  std::string_view why() const noexcept { return why_; }

  bool has_body() const noexcept;
  bool keep_alive() const noexcept;
  /// Of HTTP/1.0: the client understands no chunks, and has to be told that its connection is kept.
  bool is_1_0() const noexcept;
  bool expects_continue() const noexcept { return expects_continue_; }
  /// The client took too long: 408.
  void time_out() noexcept { refuse(408, "request took too long"); }

 private:
  class Parser;
  struct Grammar;

  Parser& parser() const noexcept;
  Next scan(std::string_view bytes);
  Next too_long(std::string_view bytes);
  Next parse_head(std::string_view head);
  bool read_plain_head(std::string_view head);
  Next read_plain_body(std::string_view bytes, std::size_t& used);
  bool judge_head();
  bool judge_target();
  Next refuse(int status, std::string_view why) noexcept;

  RequestLimits limits_;
  HttpRequest request_;
  std::unique_ptr<Grammar> grammar_;  ///< Kept out of here for what its header costs to compile.
  Way way_;
  bool plain_ = false;  ///< The head was; then `plain_left_` of the body are to come.
  std::size_t plain_left_ = 0;
  std::size_t scanned_ = 0;
  int status_ = 0;
  std::string_view why_ = {};
  bool expects_continue_ = false;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
