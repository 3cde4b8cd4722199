#include <vx11/scope.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::array<std::string_view, kScopes> kNames = {
    "chat", "status", "power:read", "power:write", "sessions:read", "metrics", "admin"};

constexpr std::string_view kAllNames =
    "chat, status, power:read, power:write, sessions:read, metrics and admin";

}  // namespace

std::string_view to_string(Scope scope) noexcept {
  return kNames[static_cast<std::size_t>(scope)];
}

std::optional<Scope> parse_scope(std::string_view name) noexcept {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Scope>(found - kNames.begin());
}

std::string to_string(Scopes scopes) {
  std::string names;
  for (std::size_t i = 0; i < kScopes; ++i) {
    if (!scopes.contains(static_cast<Scope>(i))) continue;
    if (!names.empty()) names += ',';
    names += kNames[i];
  }
  return names;
}

Result<Scopes> parse_scopes(std::string_view names) {
  Scopes scopes;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const std::string_view name = names.substr(begin, end - begin);
    const auto scope = parse_scope(name);
    if (!scope) {
      return fail(Errc::invalid_argument,
                  fmt::format("\"{}\" is no scope; there are {}", name, kAllNames));
    }
    scopes.add(*scope);
    begin = end + 1;
  }
  return scopes;
}

}  // namespace v0
}  // namespace vx11
