#include "limits/session_of.hpp"

#include <array>

#include "http/resource.hpp"
#include "json/scan.hpp"
#include "limits/client_key.hpp"
#include "limits/completion_path.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

namespace {

/// Of the string that names the session; views `body`.
std::optional<std::string_view> text_of(const json::Member& member) noexcept {
  if (member.kind != json::Kind::string || member.text.empty()) return std::nullopt;
  return member.text;
}

std::optional<std::string_view> find_session(const HttpRequest& request) {
  constexpr std::array<std::string_view, 1> kId = {"session_id"};
  constexpr std::array<std::string_view, 1> kMetadata = {"metadata"};
  const bool is_completion = is_completion_path(http_detail::resource_of(request.target));
  const auto outer = json::scan_object(request.body, is_completion ? kMetadata : kId);
  if (!outer) return std::nullopt;
  const json::Member& member = outer->members[0];
  if (!is_completion) return text_of(member);
  if (member.kind != json::Kind::object) return std::nullopt;
  const auto inner = json::scan_object(member.text, kId);
  return inner ? text_of(inner->members[0]) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> session_key(const HttpRequest& request) {
  const auto text = find_session(request);
  return text ? std::optional(name_key(*text)) : std::nullopt;
}

std::optional<std::string> session_text(const HttpRequest& request) {
  const auto text = find_session(request);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
