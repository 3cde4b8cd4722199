#pragma once

/// \file
/// Parses the head of an HTTP/1.1 message, of requests and responses alike. Internal.

#include <vx11/headers.hpp>
#include <vx11/http/detail/control_fields.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// How large a head may be.
struct HeadLimits {
  std::size_t bytes;
  std::size_t fields = std::numeric_limits<std::size_t>::max();
};

/// What becomes of a field whose value goes over several lines: a server has to refuse it, a client
/// to join it (RFC 9112 §5.2).
enum class Folding : std::uint8_t { refuse, join };

/// Parses a head line by line, each as soon as it is complete: first the start line, whose grammar
/// is the caller's, then the fields. Where the bytes are cut into pieces makes no difference.
class HeadParser {
 public:
  enum class Next : std::uint8_t {
    more,       ///< The next line is not complete.
    done,       ///< What was asked for is parsed.
    malformed,  ///< `mistake()` says how.
    too_large,
    too_many_fields,
  };

  HeadParser(HeadLimits limits, Folding folding) noexcept
      : limits_(limits), folding_(folding), left_(limits.bytes) {}

  /// Ready for the next head.
  void reset() noexcept;

  bool has_start_line() const noexcept { return has_start_line_; }
  /// Parses the start line behind the first `used` of `bytes` by `take_line(text)`, which cuts it
  /// off the front of `text` or returns false; adds to `used` what need not be seen again.
  template <class TakeLine>
  Next take_start_line(std::string_view bytes, std::size_t& used, const TakeLine& take_line) {
    const std::string_view rest = bytes.substr(used);
    if (lacks_line(rest)) return incomplete(rest);
    std::string_view text = rest.substr(0, left_);
    if (!take_line(text)) return not_a_line(rest, "malformed start line");
    has_start_line_ = true;
    used += take(rest, text);
    return Next::done;
  }
  /// Adds the fields behind the first `used` of `bytes` to `headers`, up to and including the empty
  /// line; adds to `used` what need not be seen again.
  Next take_fields(std::string_view bytes, std::size_t& used, Headers& headers);

  http_detail::ControlFields& control() noexcept { return control_; }
  const http_detail::ControlFields& control() const noexcept { return control_; }
  std::string_view mistake() const noexcept { return mistake_; }

 private:
  bool lacks_line(std::string_view rest) const noexcept;
  Next incomplete(std::string_view rest) noexcept;
  Next not_a_line(std::string_view rest, std::string_view mistake) noexcept;
  std::size_t take(std::string_view rest, std::string_view left) noexcept;
  Next take_field(std::string_view& text, Headers& headers);
  Next take_folded(std::string_view& text, Header first, Headers& headers);
  Next add(const Header& field, Headers& headers);

  HeadLimits limits_;
  Folding folding_;
  bool has_start_line_ = false;
  std::size_t left_;          ///< How many more bytes the head may have.
  std::size_t searched_ = 0;  ///< How many of the next bytes hold no complete line.
  std::size_t fields_ = 0;
  http_detail::ControlFields control_ = {};
  std::string_view mistake_ = {};
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
