#include "http/trace_parent.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

namespace {

bool is_hex(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) noexcept {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::string_view trace_id_of(const Headers& headers) noexcept {
  constexpr std::size_t kLength = 55;  // 00-{32}-{16}-{2}
  if (!headers.contains("traceparent")) return {};
  const auto found = headers.find("traceparent");
  if (!found || found->size() < kLength || headers.count("traceparent") != 1) return {};
  const std::string_view text = *found;
  const std::string_view version = text.substr(0, 2);
  const bool has_end =
      version == "00" ? text.size() == kLength : text.size() == kLength || text[kLength] == '-';
  const bool is_valid = has_end && is_hex(version) && version != "ff" && text[2] == '-' &&
                        is_id(text.substr(3, 32)) && text[35] == '-' &&
                        is_id(text.substr(36, 16)) && text[52] == '-' && is_hex(text.substr(53, 2));
  return is_valid ? text.substr(3, 32) : std::string_view();
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
