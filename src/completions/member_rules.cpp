#include "completions/member_rules.hpp"

#include <algorithm>

#include "completions/errors.hpp"
#include "json/text.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

bool is_one_of(std::span<const std::string_view> names, std::string_view name) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_neutral(const json::ObjectItems::Item& member, std::span<const Neutral> neutral) {
  if (member.value == "null") return true;
  std::string value;
  json::append_canonical(value, member.value);
  return std::any_of(neutral.begin(), neutral.end(), [&](const Neutral& each) {
    return each.name == member.name && (each.value.empty() || json::is_whole(value, each.value));
  });
}

}  // namespace

HttpResponse refusal_response(const Refusal& refusal) {
  return error_response(ApiError(400, "invalid_request", refusal.message, refusal.param));
}

std::optional<Refusal> copy_member(json::Writer& json, const json::ObjectItems::Item& member,
                                   const MemberRules& rules) {
  if (is_one_of(rules.read, member.name)) return std::nullopt;
  if (is_one_of(rules.same, member.name)) {
    json.plain_key(member.name).raw(member.value);
  } else if (!is_neutral(member, rules.neutral)) {
    std::string name(member.name.substr(0, 64));
    std::string message = name + std::string(rules.advice);
    return Refusal{std::move(name), std::move(message)};
  }
  return std::nullopt;
}

bool is_absent(const json::Member& member) noexcept {
  return member.kind == json::Kind::absent || member.kind == json::Kind::null;
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
