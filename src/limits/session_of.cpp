#include "limits/session_of.hpp"

#include <array>

#include "json/scan.hpp"
#include "limits/client_key.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

namespace {

std::optional<std::uint64_t> key_of(const json::Member& member) noexcept {
  if (member.kind != json::Kind::string || member.text.empty()) return std::nullopt;
  return name_key(member.text);
}

}  // namespace

std::optional<std::uint64_t> session_key(std::string_view body) {
  constexpr std::array<std::string_view, 2> kNames = {"session_id", "metadata"};
  const auto scanned = json::scan_object(body, kNames);
  if (!scanned) return std::nullopt;
  if (const auto key = key_of(scanned->members[0])) return key;
  const json::Member& metadata = scanned->members[1];
  if (metadata.kind != json::Kind::object) return std::nullopt;
  const auto inner = json::scan_object(metadata.text, std::span(kNames).first(1));
  return inner ? key_of(inner->members[0]) : std::nullopt;
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
