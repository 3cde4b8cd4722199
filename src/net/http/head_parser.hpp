#pragma once

/// \file
/// Parses the head of an HTTP/1.1 message, for requests and responses. Internal.

#include <vx11/headers.hpp>
#include <vx11/http/detail/control_fields.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Size limits of a head.
struct HeadLimits {
  std::size_t bytes;
  std::size_t fields = std::numeric_limits<std::size_t>::max();
};

/// What to do with a folded field value: a server refuses it, a client joins the lines (RFC 9112
/// §5.2).
enum class Folding : std::uint8_t { refuse, join };

/// Parses a head line by line, each as soon as it is complete: first the start line, by the
/// caller's grammar, then the fields. The result does not depend on how the input is split.
class HeadParser {
 public:
  enum class Next : std::uint8_t {
    more,       ///< The next line is not complete.
    done,       ///< The requested part is parsed.
    malformed,  ///< `mistake()` has the reason.
    too_large,
    too_many_fields,
  };

  HeadParser(HeadLimits limits, Folding folding) noexcept
      : limits_(limits), folding_(folding), left_(limits.bytes) {}

  /// Resets the parser for the next head.
  void reset() noexcept;

  bool has_start_line() const noexcept { return has_start_line_; }
  /// Parses the start line after the first `used` of `bytes` with `take_line(text)`, which removes
  /// it from the front of `text` or returns false; adds the consumed bytes to `used`.
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
  /// Adds the fields after the first `used` of `bytes` to `headers`, up to and including the empty
  /// line; adds the consumed bytes to `used`.
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
  std::size_t left_;          ///< Remaining size limit of the head.
  std::size_t searched_ = 0;  ///< Leading bytes already searched for a line end.
  std::size_t fields_ = 0;
  http_detail::ControlFields control_ = {};
  std::string_view mistake_ = {};
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
