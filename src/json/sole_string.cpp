#include "json/sole_string.hpp"

#include <cstddef>

#include "json/text.hpp"

namespace vx11 {
inline namespace v0 {
namespace json {

std::optional<SoleString> sole_string(std::string_view object) noexcept {
  constexpr std::string_view kBegin = "{\"";
  constexpr std::string_view kColon = "\":";
  constexpr std::string_view kEnd = "\"}";
  if (!object.starts_with(kBegin)) return std::nullopt;
  const std::size_t name_end = skip_plain_or_utf8(object, kBegin.size());
  if (!object.substr(name_end).starts_with(kColon)) return std::nullopt;
  std::size_t begin = name_end + kColon.size();
  if (object.substr(begin).starts_with(' ')) ++begin;
  if (!object.substr(begin).starts_with('"')) return std::nullopt;
  ++begin;
  const std::size_t end = skip_plain_or_utf8(object, begin);
  if (object.substr(end) != kEnd) return std::nullopt;
  return SoleString{.name = object.substr(kBegin.size(), name_end - kBegin.size()),
                    .text = object.substr(begin, end - begin)};
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
