#pragma once

/// \file
/// Decodes the body of an HTTP/1.1 message, for requests and responses. Internal.

#include <vx11/http/detail/control_fields.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Size limits of a body and its framing.
struct BodyLimits {
  std::size_t bytes;       ///< Decoded and not yet taken.
  std::size_t line_bytes;  ///< One chunk-size line; all trailers together.
};

/// Decodes the framing of a body (RFC 9112 §6 and §7). Trailers are validated and dropped: a
/// trailer must not be usable as a credential.
class BodyDecoder {
 public:
  enum class Next : std::uint8_t { more, done, malformed, too_large };

  explicit BodyDecoder(BodyLimits limits) noexcept : limits_(limits) {}

  /// Overrides `BodyLimits::bytes`.
  void limit(std::size_t bytes) noexcept { limits_.bytes = bytes; }

  void begin_none() noexcept { begin(State::done); }
  void begin_length(std::uint64_t length) noexcept {
    begin(length == 0 ? State::done : State::length, length);
  }
  void begin_chunked() noexcept { begin(State::chunk_size); }
  void begin_until_close() noexcept { begin(State::until_close); }

  bool done() const noexcept { return state_ == State::done; }
  bool ends_with_connection() const noexcept { return state_ == State::until_close; }
  /// Expects a body of the declared length.
  bool too_large() const noexcept { return left_ > limits_.bytes; }

  /// Appends the body data in `bytes` to `body`; `used` is how many bytes are consumed. Trailers
  /// are recorded in `control`.
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
  std::size_t take_whole_chunks(std::string_view bytes, std::string& body);
  Next read_chunk_end(std::string_view bytes, std::size_t& used) noexcept;
  Next read_line(std::string_view bytes, std::size_t& used, http_detail::ControlFields& control);
  Next take_chunk_size(std::string_view line) noexcept;
  Next take_trailer(std::string_view line, http_detail::ControlFields& control) noexcept;

  BodyLimits limits_;
  State state_ = State::done;
  std::uint64_t left_ = 0;         ///< Remaining bytes of the body or chunk.
  std::size_t searched_ = 0;       ///< Leading bytes already searched for a line end.
  std::size_t trailer_bytes_ = 0;  ///< In complete trailer lines.
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
