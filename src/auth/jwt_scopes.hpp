#pragma once

/// \file
/// The scopes of a JSON Web Token. Internal.

#include <vx11/auth.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "auth/jwt_text.hpp"
#include "json/strings.hpp"

namespace vx11 {
inline namespace v0 {

/// The scope that an issuer's name stands for.
inline std::optional<Scope> scope_of(const JwtScopes& rules, std::string_view name) noexcept {
  if (const auto at = rules.names.find(name); at != rules.names.end()) return at->second;
  if (rules.prefix.empty() && !rules.names.empty()) return std::nullopt;
  if (!name.starts_with(rules.prefix)) return std::nullopt;
  return parse_scope(name.substr(rules.prefix.size()));
}

inline void add_names(const JwtScopes& rules, std::string_view names, Scopes& scopes) noexcept {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (const auto scope = scope_of(rules, names.substr(0, end))) scopes.add(*scope);
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

/// Of claims that are a text of names or a list of them. Without any of them by `rules.required`.
inline Scopes scopes_of(const JwtScopes& rules, std::span<const json::Member* const> claims) {
  Scopes scopes;
  bool has_any = false;
  for (const json::Member* const claim : claims) {
    has_any = has_any || claim->kind != json::Kind::absent;
    if (claim->kind == json::Kind::string) add_names(rules, claim->text, scopes);
    if (claim->kind != json::Kind::array) continue;
    for (const json::Element& name : json::elements(claim->text, kMaxJwtBytes)) {
      if (!name.is_string) continue;
      if (const auto scope = scope_of(rules, name.text)) scopes.add(*scope);
    }
  }
  return has_any || rules.required ? scopes : Scopes::all();
}

}  // namespace v0
}  // namespace vx11
