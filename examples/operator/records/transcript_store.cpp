#include "operator/records/transcript_store.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <utility>

#include "operator/api/bounded_json.hpp"
#include "operator/records/session_search.hpp"
#include "operator/store/stored_text.hpp"

namespace backend {

namespace {

using vx11::Result;
using vx11::Task;

constexpr std::size_t kMaxTitle = 120;
/// Of stored turns; also in the way of one that the gateway's own limits do not bound.
constexpr std::size_t kMaxText = std::size_t{4} * 1024 * 1024;
/// The bounds of all sessions together are checked with one turn of these.
constexpr std::uint64_t kAddedBetweenChecks = 16;

/// The first line, without space around it.
std::string title_of(std::string_view question) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = question.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  question.remove_prefix(begin);
  question = question.substr(0, question.find_first_of("\r\n"));
  return bounded_text(question, kMaxTitle);
}

std::int64_t bytes_of(const Turn& turn, const std::string& metadata) {
  return static_cast<std::int64_t>(turn.question.size() + turn.answer.size() + metadata.size());
}

/// Takes turns out of the index of words, and then out of the table.
/// \param which a condition on turns with ?1
void erase_turns(Connection& connection, const std::string& which, std::int64_t value) {
  connection.run(
      "INSERT INTO turn_words (turn_words, rowid, question, answer)"
      " SELECT 'delete', id, question, answer FROM turns WHERE " +
          which,
      value);
  connection.run("DELETE FROM turns WHERE " + which, value);
}

void erase_session(Connection& connection, std::int64_t key) {
  erase_turns(connection, "session = ?1", key);
  connection.run("DELETE FROM sessions WHERE key = ?1", key);
}

std::optional<std::int64_t> key_of(Connection& connection, const std::string& session_id,
                                   const std::string& principal) {
  return connection.integer("SELECT key FROM sessions WHERE principal = ?1 AND session_id = ?2",
                            principal, session_id);
}

std::vector<StoredTurn> turns_of(Connection& connection, std::int64_t key) {
  std::vector<StoredTurn> turns;
  const auto take = [&](SQLite::Statement& row) {
    StoredTurn turn;
    turn.at = time_of(row.getColumn(0).getInt64());
    turn.question = row.getColumn(1).getString();
    turn.answer = row.getColumn(2).getString();
    turn.metadata = object_of(row.getColumn(3).getString());
    turns.push_back(std::move(turn));
  };
  connection.each("SELECT at, question, answer, metadata FROM turns WHERE session = ?1 ORDER BY id",
                  take, key);
  return turns;
}

class SqliteTranscriptStore final : public TranscriptStore {
 public:
  SqliteTranscriptStore(std::shared_ptr<Database> database, TranscriptLimits limits,
                        vx11::WallClock wall_clock)
      : database_(std::move(database)), limits_(limits), wall_clock_(wall_clock) {}

  Task<Result<void>> add(Turn turn) override {
    auto adding = database_->write(
        [this, turn = std::move(turn)](Connection& connection) { insert(connection, turn); });
    co_return co_await std::move(adding);
  }

  Task<Result<ChatSessionPage>> list(ChatSessionFilter filter) override {
    const auto position = position_of(filter.cursor);
    if (!position) co_return vx11::fail(vx11::Errc::invalid_argument, "unknown cursor");
    auto listing =
        database_->read([filter = std::move(filter), position = *position](Connection& connection) {
          return session_page(connection, filter, position);
        });
    co_return co_await std::move(listing);
  }

  Task<Result<std::optional<ChatTranscript>>> find(std::string session_id, std::string principal,
                                                   bool is_any) override {
    auto finding =
        database_->read([session_id = std::move(session_id), principal = std::move(principal),
                         is_any](Connection& connection) {
          std::optional<ChatTranscript> found;
          const auto take = [&](SQLite::Statement& row) {
            if (!found) found.emplace().session = session_at(row);
          };
          connection.each(std::string(kSessionColumns) +
                              " WHERE session_id = ?1 AND (principal = ?2 OR ?3)"
                              " ORDER BY principal = ?2 DESC, updated_at DESC LIMIT 1",
                          take, session_id, principal, static_cast<int>(is_any));
          if (found) found->turns = turns_of(connection, found->session.key);
          return found;
        });
    co_return co_await std::move(finding);
  }

  Task<Result<bool>> erase(std::string session_id, std::string principal,
                           std::function<void(Connection&, bool)> also) override {
    auto erasing = database_->write([this, session_id = std::move(session_id),
                                     principal = std::move(principal),
                                     also = std::move(also)](Connection& connection) {
      const auto key = key_of(connection, session_id, principal);
      if (key) {
        erase_session(connection, *key);
        mark_words(connection);
      }
      also(connection, key.has_value());
      return key.has_value();
    });
    Result<bool> erased = co_await std::move(erasing);
    if (!erased || !*erased) co_return erased;
    auto emptying = database_->empty_log();
    co_await std::move(emptying);  // if a query holds it, `forget_words` does
    co_return erased;
  }

  /// The index keeps deleted words until its parts are merged: all of it is written anew. That is
  /// done piece by piece, so that other changes have their turn.
  Task<Result<>> forget_words(std::size_t pieces) override {
    auto looking = database_->read([](Connection& connection) {
      return connection.integer("SELECT count(*) FROM words_to_forget") != 0;
    });
    const Result<bool> is_due = co_await std::move(looking);
    if (!is_due) co_return vx11::fail(is_due.error());
    if (!*is_due) co_return Result<>();
    const std::uint64_t covered = deletions_.load();
    bool has_more = true;
    for (std::size_t piece = 0; has_more && piece < pieces; ++piece) {
      auto merging = database_->write([is_first = piece == 0](Connection& connection) {
        return merge_words(connection, is_first);
      });
      const Result<bool> merged = co_await std::move(merging);
      if (!merged) co_return vx11::fail(merged.error());
      has_more = *merged;
    }
    if (has_more) co_return Result<>();
    auto emptying = database_->empty_log();
    const Result<> emptied = co_await std::move(emptying);
    if (!emptied) co_return emptied;
    auto unmarking = database_->write([this, covered](Connection& connection) {
      if (deletions_.load() == covered) connection.run("DELETE FROM words_to_forget");
    });
    co_return co_await std::move(unmarking);
  }

 private:
  /// In the transaction of the deletion, and on the thread of changes.
  void mark_words(Connection& connection) {
    deletions_.fetch_add(1);
    connection.run("INSERT OR IGNORE INTO words_to_forget (due) VALUES (1)");
  }

  /// \return whether there is more to do: SQLite's documentation says to look at the changes
  static bool merge_words(Connection& connection, bool is_first) {
    const auto before = connection.sqlite().getTotalChanges();
    connection.run("INSERT INTO turn_words (turn_words, rank) VALUES ('merge', ?1)",
                   is_first ? -256 : 256);
    return connection.sqlite().getTotalChanges() - before >= 2;
  }

  void insert(Connection& connection, const Turn& turn) {
    const std::int64_t now = to_stored(wall_clock_.now());
    const std::string question = bounded_text(turn.question, kMaxText);
    const std::string answer = bounded_text(turn.answer, kMaxText);
    const std::string metadata = to_stored(turn.metadata);
    const std::int64_t key = begin_or_find(connection, turn, now);
    connection.run(
        "INSERT INTO turns (session, at, question, answer, metadata)"
        " VALUES (?1, ?2, ?3, ?4, ?5)",
        key, now, question, answer, metadata);
    const std::int64_t id = connection.last_id();
    connection.run("INSERT INTO turn_words (rowid, question, answer) VALUES (?1, ?2, ?3)", id,
                   question, answer);
    connection.run(
        "UPDATE sessions SET updated_at = max(updated_at, ?2), turns = turns + 1,"
        " bytes = bytes + ?3 WHERE key = ?1",
        key, now, bytes_of(turn, metadata));
    trim_turns(connection, key);
    trim_sessions_of(connection, turn.principal);
    if (static_cast<std::uint64_t>(id) % kAddedBetweenChecks == 0) trim_sessions(connection);
  }

  static std::int64_t begin_or_find(Connection& connection, const Turn& turn, std::int64_t now) {
    if (const auto key = key_of(connection, turn.session_id, turn.principal)) return *key;
    connection.run(
        "INSERT INTO sessions (principal, session_id, title, created_at, updated_at,"
        " turns, bytes) VALUES (?1, ?2, ?3, ?4, ?4, 0, 0)",
        turn.principal, turn.session_id, title_of(turn.question), now);
    return connection.last_id();
  }

  void trim_turns(Connection& connection, std::int64_t key) const {
    const auto turns = connection.integer("SELECT turns FROM sessions WHERE key = ?1", key);
    const std::int64_t over = turns.value_or(0) - as_limit(limits_.turns_per_session);
    if (over <= 0) return;
    const auto last = connection.integer(
        "SELECT id FROM turns WHERE session = ?1 ORDER BY id LIMIT 1 OFFSET ?2", key, over - 1);
    erase_turns(connection, "session = (SELECT session FROM turns WHERE id = ?1) AND id <= ?1",
                last.value_or(0));
    connection.run(
        "UPDATE sessions SET turns = turns - ?2, bytes = (SELECT"
        " sum(length(CAST(question AS BLOB)) + length(CAST(answer AS BLOB)) +"
        " length(CAST(metadata AS BLOB))) FROM turns WHERE session = ?1) WHERE key = ?1",
        key, over);
  }

  void trim_sessions_of(Connection& connection, const std::string& principal) const {
    const auto oldest = connection.integer(
        "SELECT key FROM sessions WHERE principal = ?1 ORDER BY updated_at DESC, key DESC"
        " LIMIT 1 OFFSET ?2",
        principal, as_limit(limits_.sessions_per_principal));
    if (oldest) erase_session(connection, *oldest);
  }

  /// Removes as many sessions as turns can have added.
  void trim_sessions(Connection& connection) const {
    for (std::uint64_t i = 0; i < kAddedBetweenChecks; ++i) {
      const auto sessions = connection.integer("SELECT count(*) FROM sessions").value_or(0);
      const auto bytes = connection.integer("SELECT sum(bytes) FROM sessions").value_or(0);
      if (sessions <= as_limit(limits_.sessions) &&
          (bytes <= as_limit(limits_.bytes) || sessions <= 1)) {
        return;
      }
      const auto oldest =
          connection.integer("SELECT key FROM sessions ORDER BY updated_at, key LIMIT 1");
      erase_session(connection, oldest.value_or(0));
    }
  }

  const std::shared_ptr<Database> database_;
  const TranscriptLimits limits_;
  const vx11::WallClock wall_clock_;
  std::atomic<std::uint64_t> deletions_ = 0;  ///< Of this run of the program.
};

}  // namespace

std::shared_ptr<TranscriptStore> make_sqlite_transcript_store(std::shared_ptr<Database> database,
                                                              TranscriptLimits limits,
                                                              vx11::WallClock wall_clock) {
  return std::make_shared<SqliteTranscriptStore>(std::move(database), limits, wall_clock);
}

}  // namespace backend
