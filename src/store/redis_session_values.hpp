#pragma once

/// \file
/// The elements of the list that is a session in Redis. Internal.
///
/// The first element is the header, all others are turns, the newest last:
///
/// | element | bytes | what |
/// |---|---|---|
/// | header | 5 | `VX11S` |
/// | | 1 | the version of the format, 1 |
/// | | 1 | 1: plain, 2: sealed |
/// | | 12 | sealed: the nonce |
/// | | rest | a packed `SessionBeginning` |
/// | turn | 1 | 1: plain, 2: sealed |
/// | | 4 | what the turn counts for in `session_bytes`, big-endian |
/// | | 6 | what the turns before it counted for, of the whole session, big-endian |
/// | | 8 or 12 | a random id of the turn; sealed: 12, it is the nonce, too |
/// | | rest | a packed `Turn` |
///
/// The sum of six bytes is written by the script that appends, which knows the turn before.

#include <vx11/result.hpp>
#include <vx11/store/session_keys.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "store/packed_session.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis_sessions {

/// The first bytes of all headers, and those of headers that this version can read.
inline constexpr std::string_view kMagic = "VX11S";
inline constexpr std::string_view kMagicAndVersion = "VX11S\x01";

/// A turn without the sum that the script adds between its two parts.
struct NewTurn {
  std::string before = {};
  std::string after = {};
};

/// Encodes and decodes elements; encrypts them if there are keys. Thread-safe.
class Values {
 public:
  explicit Values(SessionKeys keys) : keys_(std::move(keys)) {}

  /// \return `exhausted` without memory
  Result<std::string> header(std::string_view session, const SessionBeginning& beginning) const;
  /// The same.
  Result<NewTurn> turn(std::string_view session, const Turn& turn) const;

  /// \return `storage` with a reason if it is no header, or not one that can be read here
  Result<SessionBeginning> read_header(std::string_view session, std::string_view element) const;
  /// The same for a turn.
  Result<Turn> read_turn(std::string_view session, std::string_view element) const;

 private:
  const SessionKeys keys_;
};

}  // namespace redis_sessions
}  // namespace v0
}  // namespace vx11
