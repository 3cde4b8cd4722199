#pragma once

/// \file
/// Reads one HTTP/1.1 response out of bytes. Knows no socket. Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// How large a response may be.
struct ResponseLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t body_bytes = 4 * 1024 * 1024;
};

/// Beast's parser, told where to put what it finds, unless the head is plain; interim answers (1xx)
/// are passed over.
class ResponseReader {
 public:
  enum class Next : std::uint8_t { more, head, done, failed };
  enum class Body : std::uint8_t { expected, none };  ///< None: the answer to HEAD.
  /// Whether a plain head may be read without Beast's parser, with the same outcome.
  enum class Way : std::uint8_t { quick, parser_only };

  ResponseReader(ResponseLimits limits, Body body, Way way = Way::quick)
      : limits_(limits), body_(body), way_(way) {}

  /// Takes in `bytes`; `used` is how many it is through with. `head` comes once, when the header is
  /// complete, before any of the body is taken.
  Next read(std::string_view bytes, std::size_t& used);
  /// The peer has closed. \return `done` if that is how the body ends.
  Next end_of_stream();

  HttpResponse& response() noexcept { return response_; }
  /// Takes what has come of the body, for those who pass it on in pieces. The cap then holds for
  /// what is not yet taken.
  std::string take_body() { return std::exchange(response_.body, {}); }
  bool keep_alive() const noexcept { return plain_ || parser_->keep_alive(); }
  /// Why it failed: `invalid_reply` or `too_large`.
  const Error& error() const noexcept { return error_; }

 private:
  class Parser final : public boost::beast::http::basic_parser<false> {
   public:
    Parser(HttpResponse& response, const ResponseLimits& limits);

   private:
    using Text = boost::beast::string_view;
    using Failure = boost::beast::error_code;
    void on_request_impl(boost::beast::http::verb, Text, Text, int, Failure&) override {}
    void on_response_impl(int status, Text, int version, Failure& error) override;
    void on_field_impl(boost::beast::http::field, Text name, Text value, Failure& error) override;
    void on_header_impl(Failure&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, Failure& error) override;
    std::size_t on_body_impl(Text body, Failure& error) override;
    void on_chunk_header_impl(std::uint64_t size, Text, Failure& error) override;
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, Failure& error) override;
    void on_finish_impl(Failure&) override {}

    HttpResponse& response_;
    const ResponseLimits& limits_;
  };

  bool read_plain_head(std::string_view bytes, std::size_t& used);
  Next read_plain_body(std::string_view bytes, std::size_t& used);
  Next parse(std::string_view bytes, std::size_t& used);
  void begin();
  /// Takes a status line without the space before its missing phrase (RFC 9112 §4 wants it, some
  /// servers leave it out), which Beast refuses. \return how many bytes, 0 for any other
  std::size_t take_bare_status_line(std::string_view bytes);
  Next fail_with(Errc code, std::string detail);
  Next judge(const boost::beast::error_code& error);

  ResponseLimits limits_;
  Body body_;
  Way way_;
  HttpResponse response_;
  std::optional<Parser> parser_;  ///< None before it is needed.
  bool plain_ = false;            ///< The head was; then `plain_left_` of the body are to come.
  std::size_t plain_left_ = 0;
  Error error_;
  bool head_told_ = false;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
