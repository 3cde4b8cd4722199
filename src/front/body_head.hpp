#pragma once

/// \file
/// What the head of a request says about its body. Internal.

#include <vx11/http/detail/control_fields.hpp>
#include <vx11/http_message.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include "http/media_type.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// What a head declares about its body, read in one pass. The first of repeated fields counts.
class BodyHead {
 public:
  explicit BodyHead(const Headers& headers) noexcept {
    for (const Header header : headers) note(header);
  }

  /// The declared size; zero if unusable, which the server handles.
  std::uint64_t length() const noexcept {
    const std::string_view text = length_.value_or(std::string_view());
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
    return error == std::errc() && end == text.data() + text.size() ? length : 0;
  }
  bool brings_body() const noexcept { return in_pieces_ || length() > 0; }
  /// One Content-Type, JSON in UTF-8.
  bool is_json() const noexcept { return types_ == 1 && is_json_in_utf8(type_); }
  bool is_coded() const noexcept {
    return encoding_ && !equals_ignoring_case(*encoding_, "identity");
  }

 private:
  void note(const Header& header) noexcept {
    using http_detail::is_name;
    switch (header.name.size()) {
      case 12:
        if (is_name(header.name, "content-type") && types_++ == 0) type_ = header.value;
        return;
      case 14:
        if (!length_ && is_name(header.name, "content-length")) length_ = header.value;
        return;
      case 16:
        if (!encoding_ && is_name(header.name, "content-encoding")) encoding_ = header.value;
        return;
      case 17:
        in_pieces_ = in_pieces_ || is_name(header.name, "transfer-encoding");
        return;
      default:
        return;
    }
  }

  std::string_view type_ = {};
  std::size_t types_ = 0;
  std::optional<std::string_view> length_ = std::nullopt;
  std::optional<std::string_view> encoding_ = std::nullopt;
  bool in_pieces_ = false;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
