#pragma once

/// \file
/// Decodes the body of an HTTP/1.1 message, of requests and responses alike. Internal.

#include <vx11/http/detail/control_fields.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// How large a body may be, and what stands around it.
struct BodyLimits {
  std::size_t bytes;       ///< What is decoded and not yet taken.
  std::size_t line_bytes;  ///< The line before a chunk; all trailers together.
};

/// Takes a body out of its framing (RFC 9112 §6 and §7). Trailers are checked and dropped: one that
/// looks like a credential must not become one.
class BodyDecoder {
 public:
  enum class Next : std::uint8_t { more, done, malformed, too_large };

  explicit BodyDecoder(BodyLimits limits) noexcept : limits_(limits) {}

  /// Replaces `BodyLimits::bytes`.
  void limit(std::size_t bytes) noexcept { limits_.bytes = bytes; }

  void begin_none() noexcept { begin(State::done); }
  void begin_length(std::uint64_t length) noexcept {
    begin(length == 0 ? State::done : State::length, length);
  }
  void begin_chunked() noexcept { begin(State::chunk_size); }
  void begin_until_close() noexcept { begin(State::until_close); }

  bool done() const noexcept { return state_ == State::done; }
  bool ends_with_connection() const noexcept { return state_ == State::until_close; }
  /// By its declared length.
  bool too_large() const noexcept { return left_ > limits_.bytes; }

  /// Appends to `body` what `bytes` hold of it; `used` is how many need not be seen again. The
  /// trailers are noted in `control`.
  Next read(std::string_view bytes, std::size_t& used, std::string& body,
            http_detail::ControlFields& control);

 private:
  enum class State : std::uint8_t {
    done,
    until_close,
    length,
    chunk_size,
    chunk_data,
    chunk_end,  ///< The CRLF after a chunk's data.
    trailers,
  };

  void begin(State state, std::uint64_t left = 0) noexcept;
  Next step(std::string_view bytes, std::size_t& used, std::string& body,
            http_detail::ControlFields& control);
  Next read_data(std::string_view bytes, std::size_t& used, std::string& body);
  Next read_chunk_end(std::string_view bytes, std::size_t& used) noexcept;
  Next read_line(std::string_view bytes, std::size_t& used, http_detail::ControlFields& control);
  Next take_chunk_size(std::string_view line) noexcept;
  Next take_trailer(std::string_view line, http_detail::ControlFields& control) noexcept;

  BodyLimits limits_;
  State state_ = State::done;
  std::uint64_t left_ = 0;         ///< Of the body or the chunk.
  std::size_t searched_ = 0;       ///< How many of the next bytes hold no complete line.
  std::size_t trailer_bytes_ = 0;  ///< Of the complete trailer lines.
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
