#include <vx11/headers.hpp>
#include <vx11/http/detail/control_fields.hpp>

#include <charconv>
#include <system_error>

#include "http/char_class.hpp"
#include "http/host_and_port.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

namespace {

constexpr std::string_view kBothFramings = "both Content-Length and Transfer-Encoding";

}  // namespace

std::string_view ControlFields::note_length(std::string_view value) noexcept {
  if (chunked) return kBothFramings;
  if (length) return "repeated Content-Length";
  const char* const end = value.data() + value.size();
  const auto [stop, failed] = std::from_chars(value.data(), end, length.emplace());
  if (failed != std::errc() || stop != end) return "malformed Content-Length";
  return {};
}

std::string_view ControlFields::note_coding(std::string_view value) noexcept {
  if (length) return kBothFramings;
  if (chunked || !equals_ignoring_case(value, "chunked")) return "unsupported Transfer-Encoding";
  chunked = true;
  return {};
}

/// A list of tokens; empty elements are allowed (RFC 9110 §5.6.1.2).
std::string_view ControlFields::note_connection(std::string_view value) noexcept {
  for (skip_blanks(value); !value.empty(); skip_blanks(value)) {
    const std::string_view option = value.substr(0, token_size(value));
    close = close || equals_ignoring_case(option, "close");
    keep_alive = keep_alive || equals_ignoring_case(option, "keep-alive");
    value.remove_prefix(option.size());
    skip_blanks(value);
    if (value.empty()) break;
    if (value.front() != ',') return "malformed Connection";
    value.remove_prefix(1);
  }
  return {};
}

std::string_view ControlFields::note_host(std::string_view value) noexcept {
  ++hosts;
  good_host = is_host_and_port(value);
  return {};
}

std::string_view ControlFields::note_expectation(std::string_view value) noexcept {
  (equals_ignoring_case(value, "100-continue") ? expects_continue : expects_other) = true;
  return {};
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
