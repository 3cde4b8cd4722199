#pragma once

/// \file
/// The compact binary form of turns and of what a session begins with. Internal.
///
/// Numbers are varints: seven bits a byte, the lowest first, the top bit set on all but the last;
/// times are milliseconds, zigzag. A turn is a byte of flags, the time of the question, that of the
/// answer less it, and for each message its role, unless it is the usual one, its metadata, unless
/// it is `{}`, and its content, each with its size in front.

#include <vx11/export.hpp>
#include <vx11/session.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// What a session has beside its turns.
struct SessionBeginning {
  SessionBeginning() = default;
  SessionBeginning(WallTime at, std::string user) : created_at(at), user_id(std::move(user)) {}

  WallTime created_at = {};
  std::string user_id = {};
};

VX11_API std::string pack(const SessionBeginning& beginning);
VX11_API std::string pack(const Turn& turn);

/// \return none for any text that `pack` does not make
VX11_API std::optional<SessionBeginning> unpack_beginning(std::string_view packed);
VX11_API std::optional<Turn> unpack_turn(std::string_view packed);

}  // namespace v0
}  // namespace vx11
