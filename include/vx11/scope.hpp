#pragma once

/// \file
/// What a credential allows: `Scope` and `Scopes`.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// A group of endpoints that a credential may use.
enum class Scope : unsigned char {
  chat,           ///< `chat`: chats of both APIs, embeddings, and the list of models.
  status,         ///< `status`: status, observation and circuit breakers.
  power_read,     ///< `power:read`: power state, power status, and the policy's status.
  power_write,    ///< `power:write`: power commands, and tasks.
  sessions_read,  ///< `sessions:read`: the messages of every session.
  metrics,        ///< `metrics`: the Prometheus text.
  admin,          ///< `admin`: everything, also what later versions add.
};

/// As many as `Scope` has.
inline constexpr std::size_t kScopes = 7;

/// Its name in token files and answers, such as `power:read`.
VX11_API std::string_view to_string(Scope scope) noexcept;
VX11_API std::optional<Scope> parse_scope(std::string_view name) noexcept;

/// A set of scopes. A value type that allocates nothing.
class Scopes {
 public:
  /// None: such a credential may use no endpoint.
  constexpr Scopes() noexcept = default;
  constexpr Scopes(std::initializer_list<Scope> scopes) noexcept {
    for (const Scope scope : scopes) add(scope);
  }
  /// Every scope, as credentials without scopes have always had.
  static constexpr Scopes all() noexcept { return {Scope::admin}; }

  constexpr void add(Scope scope) noexcept { bits_ |= bit(scope); }
  /// Whether it was added itself.
  constexpr bool contains(Scope scope) const noexcept { return (bits_ & bit(scope)) != 0; }
  /// Whether it was added, or `admin`, which includes all. No other scope includes another:
  /// `power:write` does not allow to read the power state.
  constexpr bool allow(Scope scope) const noexcept {
    return contains(scope) || contains(Scope::admin);
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(Scopes, Scopes) noexcept = default;

 private:
  static constexpr unsigned bit(Scope scope) noexcept { return 1U << static_cast<unsigned>(scope); }

  unsigned bits_ = 0;
};

/// The names in the order of `Scope`, such as `chat,power:read`.
VX11_API std::string to_string(Scopes scopes);

/// Parses names with commas between them and without spaces.
/// \return `invalid_argument` for no name at all and for an unknown one; the text lists the names
VX11_API Result<Scopes> parse_scopes(std::string_view names);

}  // namespace v0
}  // namespace vx11
