#pragma once

/// \file
/// Which turns a session has: the column `turn_list` of a session database. Internal.

#include <vx11/export.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sqlite3.h>

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// A turn of a session: its key in `turns`, and what it counts for.
struct StoredTurn {
  std::int64_t key = 0;
  std::int64_t bytes = 0;
};
/// The oldest first, so their keys ascend.
using StoredTurns = std::vector<StoredTurn>;

/// For each turn its key less the one before and its bytes, as varints: seven bits a byte, the
/// lowest first, the top bit set on all but the last.
VX11_API std::string pack(const StoredTurns& turns);
/// \return false: it is no text that `pack` makes; `turns` has those in front of the fault
VX11_API bool unpack(std::string_view packed, StoredTurns& turns);

/// Adds those of `later` that are newer than all of `turns`: a list may have been written since
/// they were noted.
void add_later(StoredTurns& turns, const StoredTurns& later);

/// The SQL functions of migrations: `pack_turn(role, content, time, metadata, role, …)` and
/// the aggregate `pack_turn_list(key, bytes)`. \return a code of SQLite
int add_packing_functions(sqlite3* database) noexcept;

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
