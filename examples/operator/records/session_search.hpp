#pragma once

/// \file
/// Pages of the list of chats, and the search for words. Internal.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "operator/records/transcript_store.hpp"

namespace backend {

inline constexpr const char* kSessionColumns =
    "SELECT key, principal, session_id, title, created_at, updated_at, turns FROM sessions";

/// Of the row that `kSessionColumns` describes.
ChatSession session_at(SQLite::Statement& row);

/// The last session of a page: the next one begins behind it, whatever is added meanwhile.
struct SessionPosition {
  std::int64_t updated = std::numeric_limits<std::int64_t>::max();
  std::int64_t key = std::numeric_limits<std::int64_t>::max();
};
/// \return none if it is no cursor; an empty text is the beginning
std::optional<SessionPosition> position_of(std::string_view cursor);

ChatSessionPage session_page(Connection& connection, const ChatSessionFilter& filter,
                             SessionPosition position);

/// `words` as FTS5 understands them: each quoted, so that none is an operator, and matched by its
/// beginning. Empty if there is no word.
std::string match_expression(std::string_view words);

}  // namespace backend
