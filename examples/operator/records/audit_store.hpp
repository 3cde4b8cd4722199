#pragma once

/// \file
/// The audit in the database, and how it is read. Internal.

#include <vx11/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "operator/parts/audit_log.hpp"
#include "operator/store/database.hpp"

namespace backend {

struct StoredAuditEntry {
  std::uint64_t id = 0;
  vx11::WallTime at = {};
  AuditEntry content = {};
};

/// The JSON of an entry, as `GET /operator/api/audit` lists it.
nlohmann::json to_json(const StoredAuditEntry& entry);

struct AuditPage {
  std::vector<StoredAuditEntry> entries = {};  ///< The newest first.
  std::uint64_t total = 0;
  bool has_more = false;
};

/// How many entries are kept, and for how long. The oldest are removed.
struct AuditStoreOptions {
  std::size_t max_entries = 500'000;
  /// Longer than a year, so that a yearly review finds all of it.
  std::chrono::seconds max_age = std::chrono::hours(24 * 400);
  vx11::WallClock wall_clock = {};
};

/// **Thread-safe**; outlives its tasks. Errors are `storage`.
class AuditStore : public AuditLog {
 public:
  /// Adds the entry to the transaction of another change, so that neither is stored without the
  /// other. For a function of `Database::write` of the same database; throws as `connection`.
  virtual void add_within(Connection& connection, const AuditEntry& entry) = 0;
  /// \param before only smaller ids; 0: from the newest on
  /// \param beginnings of actions, such as "power."; none: all entries
  virtual vx11::Task<vx11::Result<AuditPage>> list(std::uint64_t before, std::size_t limit,
                                                   std::vector<std::string> beginnings) = 0;
  virtual vx11::Task<vx11::Result<std::optional<StoredAuditEntry>>> find(std::uint64_t id) = 0;
};

std::shared_ptr<AuditStore> make_sqlite_audit_store(std::shared_ptr<Database> database,
                                                    AuditStoreOptions options = {});

}  // namespace backend
