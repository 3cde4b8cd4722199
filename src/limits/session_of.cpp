#include "limits/session_of.hpp"

#include <array>
#include <string_view>

#include "http/resource.hpp"
#include "json/scan.hpp"
#include "limits/client_key.hpp"
#include "limits/completion_path.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

namespace {

/// Of the string that names the session; views the body.
using Text = std::optional<std::string_view>;

Text text_of(const json::Member& member) noexcept {
  if (member.kind != json::Kind::string || member.text.empty()) return std::nullopt;
  return member.text;
}

Text text_in(std::string_view object) {
  constexpr std::array<std::string_view, 1> kId = {"session_id"};
  const auto found = json::scan_object(object, kId);
  return found ? text_of(found->members[0]) : std::nullopt;
}

Text completion_text(std::string_view body, SessionMember member) {
  constexpr std::array<std::string_view, 2> kMembers = {"metadata", "user"};
  const auto found = json::scan_object(body, kMembers);
  if (!found) return std::nullopt;
  const json::Member& metadata = found->members[0];
  const Text named = metadata.kind == json::Kind::object ? text_in(metadata.text) : std::nullopt;
  if (named || member == SessionMember::metadata) return named;
  return text_of(found->members[1]);
}

Text find_session(const HttpRequest& request, SessionMember member) {
  const bool is_completion = is_completion_path(http_detail::resource_of(request.target));
  return is_completion ? completion_text(request.body, member) : text_in(request.body);
}

}  // namespace

std::optional<std::uint64_t> session_key(const HttpRequest& request, SessionMember member) {
  const Text text = find_session(request, member);
  return text ? std::optional(name_key(*text)) : std::nullopt;
}

std::optional<std::string> session_text(const HttpRequest& request, SessionMember member) {
  const Text text = find_session(request, member);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
