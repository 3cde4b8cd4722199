#pragma once

/// \file
/// Chats in the database, and how they are listed, searched and deleted. Internal.

#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/parts/transcripts.hpp"
#include "operator/store/database.hpp"

namespace backend {

struct StoredTurn {
  vx11::WallTime at = {};
  std::string question = {};
  std::string answer = {};
  nlohmann::json metadata = nlohmann::json::object();
};

struct ChatSession {
  std::int64_t key = 0;  ///< Of the database.
  std::string principal = {};
  std::string session_id = {};
  std::string title = {};  ///< The beginning of the first question.
  std::uint64_t turns = 0;
  vx11::WallTime created = {};
  vx11::WallTime updated = {};
};

struct ChatTranscript {
  ChatSession session = {};
  std::vector<StoredTurn> turns = {};  ///< The oldest first.
};

/// Which sessions are asked for.
struct ChatSessionFilter {
  std::optional<std::string> principal = std::nullopt;  ///< None: of everyone.
  /// Words, all of which occur in a question or an answer; of each, its beginning suffices.
  std::string words = {};
  std::string cursor = {};  ///< `ChatSessionPage::next`; empty: from the latest on.
  std::size_t limit = 50;
};

struct ChatSessionPage {
  std::vector<ChatSession> sessions = {};  ///< The latest first.
  std::uint64_t total = 0;
  std::string next = {};  ///< Of the page that follows; empty: there is none.
};

/// What is kept. The session that was used least recently is removed, with all its turns.
struct TranscriptLimits {
  std::size_t sessions = 10'000;
  std::size_t sessions_per_principal = 1'000;
  std::size_t turns_per_session = 1'000;  ///< The oldest are removed.
  std::size_t bytes = std::size_t{512} * 1024 * 1024;
};

/// **Thread-safe**; outlives its tasks. Errors are `storage`.
class TranscriptStore : public Transcripts {
 public:
  /// \return also `invalid_argument` for a cursor that is none
  virtual vx11::Task<vx11::Result<ChatSessionPage>> list(ChatSessionFilter filter) = 0;
  /// Of several sessions with this id the one of `principal`; if `is_any`, else the latest one.
  virtual vx11::Task<vx11::Result<std::optional<ChatTranscript>>> find(std::string session_id,
                                                                       std::string principal,
                                                                       bool is_any) = 0;
  /// Completes once no text of the session is left in the file and its log. Its words are left in
  /// the index until `forget_words`.
  /// \param also called within the transaction with what is returned, for what is stored with the
  ///             deletion or not at all
  /// \return whether it was there
  virtual vx11::Task<vx11::Result<bool>> erase(std::string session_id, std::string principal,
                                               std::function<void(Connection&, bool)> also) = 0;
  vx11::Task<vx11::Result<bool>> erase(std::string session_id, std::string principal) {
    return erase(std::move(session_id), std::move(principal), [](Connection&, bool) {});
  }
  /// Removes the words of deleted sessions from the index, which is written anew for that: once for
  /// all deletions since the last time, also those before a restart. To be called every few
  /// seconds; does nothing if nothing was deleted.
  /// \param pieces of about a megabyte, at most; what is left is due at the next call
  virtual vx11::Task<vx11::Result<>> forget_words(std::size_t pieces) = 0;
};

std::shared_ptr<TranscriptStore> make_sqlite_transcript_store(std::shared_ptr<Database> database,
                                                              TranscriptLimits limits = {},
                                                              vx11::WallClock wall_clock = {});

}  // namespace backend
