#include "operator/records/audit_store.hpp"

#include <vx11/session.hpp>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "operator/api/bounded_json.hpp"
#include "operator/store/stored_text.hpp"

namespace backend {

namespace {

using vx11::Result;
using vx11::Task;

constexpr std::size_t kMaxWord = 256;
constexpr std::uint64_t kAddedBetweenTrims = 64;

constexpr const char* kColumns =
    "SELECT id, at, principal, address, action, object, outcome, correlation_id, detail FROM audit";

StoredAuditEntry entry_of(SQLite::Statement& row) {
  StoredAuditEntry entry;
  entry.id = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
  entry.at = time_of(row.getColumn(1).getInt64());
  entry.content.principal = row.getColumn(2).getString();
  entry.content.address = row.getColumn(3).getString();
  entry.content.action = row.getColumn(4).getString();
  entry.content.object = row.getColumn(5).getString();
  entry.content.outcome = row.getColumn(6).getString();
  entry.content.correlation_id = row.getColumn(7).getString();
  entry.content.detail = object_of(row.getColumn(8).getString());
  return entry;
}

/// `(… OR …)`: the action begins with one of the values from ?2 on.
std::string begins_with_one_of(std::size_t beginnings) {
  std::string text;
  for (std::size_t i = 0; i < beginnings; ++i) {
    const std::string value = "?" + std::to_string(i + 2);
    text += text.empty() ? " AND (" : " OR ";
    text += "substr(action, 1, length(" + value + ")) = " + value;
  }
  return text.empty() ? text : text + ")";
}

std::uint64_t count(Connection& connection, const std::string& condition,
                    const std::vector<SqlValue>& values) {
  const auto total =
      values.size() == 1
          ? connection.integer(  // ids have no gaps: see the store of events
                "SELECT (SELECT max(id) FROM audit) - (SELECT min(id) FROM audit) + 1")
          : connection.integer("SELECT count(*) FROM audit" + condition, values);
  return static_cast<std::uint64_t>(total.value_or(0));
}

AuditPage page_of(Connection& connection, std::uint64_t before, std::size_t limit,
                  const std::vector<std::string>& beginnings) {
  constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();
  const std::string condition = " WHERE id < ?1" + begins_with_one_of(beginnings.size());
  std::vector<SqlValue> values{kNewest};
  values.insert(values.end(), beginnings.begin(), beginnings.end());
  AuditPage page;
  page.total = count(connection, condition, values);
  const auto take = [&](SQLite::Statement& row) {
    page.has_more = page.entries.size() == limit;
    if (!page.has_more) page.entries.push_back(entry_of(row));
  };
  if (before != 0) values.front() = static_cast<std::int64_t>(before);
  values.emplace_back(as_limit(limit) + 1);
  const std::string order = " ORDER BY id DESC LIMIT ?" + std::to_string(values.size());
  connection.each(kColumns + condition + order, take, values);
  return page;
}

class SqliteAuditStore final : public AuditStore {
 public:
  SqliteAuditStore(std::shared_ptr<Database> database, AuditStoreOptions options)
      : database_(std::move(database)), options_(options) {}

  Task<Result<void>> add(AuditEntry entry) override {
    auto adding = database_->write([this, entry = std::move(entry)](Connection& connection) {
      add_within(connection, entry);
    });
    co_return co_await std::move(adding);
  }

  void add_within(Connection& connection, const AuditEntry& entry) override {
    const auto word = [](const std::string& text) { return bounded_text(text, kMaxWord); };
    connection.run(
        "INSERT INTO audit (at, principal, address, action, object, outcome, correlation_id,"
        " detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        to_stored(options_.wall_clock.now()), word(entry.principal), word(entry.address),
        word(entry.action), word(entry.object), word(entry.outcome), word(entry.correlation_id),
        to_stored(entry.detail));
    if (static_cast<std::uint64_t>(connection.last_id()) % kAddedBetweenTrims != 0) return;
    trim_table(connection, "audit", options_.max_entries,
               options_.wall_clock.now() - options_.max_age);
  }

  Task<Result<AuditPage>> list(std::uint64_t before, std::size_t limit,
                               std::vector<std::string> beginnings) override {
    auto listing = database_->read(
        [before, limit, beginnings = std::move(beginnings)](Connection& connection) {
          return page_of(connection, before, limit, beginnings);
        });
    co_return co_await std::move(listing);
  }

  Task<Result<std::optional<StoredAuditEntry>>> find(std::uint64_t id) override {
    auto finding = database_->read([id](Connection& connection) {
      std::optional<StoredAuditEntry> found;
      const auto take = [&](SQLite::Statement& row) { found = entry_of(row); };
      connection.each(std::string(kColumns) + " WHERE id = ?1", take,
                      static_cast<std::int64_t>(id));
      return found;
    });
    co_return co_await std::move(finding);
  }

 private:
  const std::shared_ptr<Database> database_;
  const AuditStoreOptions options_;
};

}  // namespace

nlohmann::json to_json(const StoredAuditEntry& entry) {
  const AuditEntry& content = entry.content;
  return {{"audit_id", std::to_string(entry.id)},
          {"id", entry.id},
          {"ts", vx11::to_rfc3339(entry.at)},
          {"principal", content.principal},
          {"address", content.address},
          {"action", content.action},
          {"object", content.object},
          {"outcome", content.outcome},
          {"correlation_id", content.correlation_id},
          {"detail", content.detail}};
}

std::shared_ptr<AuditStore> make_sqlite_audit_store(std::shared_ptr<Database> database,
                                                    AuditStoreOptions options) {
  return std::make_shared<SqliteAuditStore>(std::move(database), options);
}

}  // namespace backend
