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

std::optional<std::uint64_t> key_of(const json::Member& member) {
  if (member.kind != json::Kind::string || member.text.empty()) return std::nullopt;
  return name_key(member.text);
}

constexpr std::array<std::string_view, 1> kId = {"session_id"};

std::optional<std::uint64_t> key_in(std::string_view object) {
  const auto found = json::scan_object(object, kId);
  return found ? key_of(found->members[0]) : std::nullopt;
}

std::optional<std::uint64_t> completion_key(std::string_view body, SessionMember member) {
  constexpr std::array<std::string_view, 2> kMembers = {"metadata", "user"};
  const auto found = json::scan_object(body, kMembers);
  if (!found) return std::nullopt;
  const json::Member& metadata = found->members[0];
  const auto named = metadata.kind == json::Kind::object ? key_in(metadata.text) : std::nullopt;
  if (named || member == SessionMember::metadata) return named;
  return key_of(found->members[1]);
}

}  // namespace

std::optional<std::uint64_t> session_key(const HttpRequest& request, SessionMember member) {
  const bool is_completion = is_completion_path(http_detail::resource_of(request.target));
  return is_completion ? completion_key(request.body, member) : key_in(request.body);
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
