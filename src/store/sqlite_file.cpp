#include "store/sqlite_file.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "store/private_file.hpp"
#include "store/sqlite_schema.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

/// How long opening waits for another process; operations wait for `SessionStoreOptions::patience`.
constexpr std::chrono::milliseconds kBusy = std::chrono::seconds(5);
constexpr int kPauseMilliseconds = 10;

/// Checkpoints are the store's own, so that no commit waits for one. Deleted text is overwritten. 8
/// MB of pages are kept in memory, for turns of sessions in no order.
constexpr const char* kSettings =
    "PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON; PRAGMA cache_size = -8000";

/// NORMAL: a commit is in the kernel, which outlives this process. FULL: it is on the disk.
constexpr const char* setting_of(SessionDurability durability) noexcept {
  return durability == SessionDurability::power ? "PRAGMA synchronous = FULL"
                                                : "PRAGMA synchronous = NORMAL";
}

struct FileSystem {
  long magic;
  const char* name;
};
/// From linux/magic.h and the kernel's sources of those it leaves out.
constexpr std::array<FileSystem, 9> kNetworkFileSystems{{{0x6969, "NFS"},
                                                         {0x517B, "SMB"},
                                                         {0xFE534D42, "SMB"},
                                                         {0xFF534D42, "CIFS"},
                                                         {0x00C36400, "Ceph"},
                                                         {0x5346414F, "AFS"},
                                                         {0x6B414653, "AFS"},
                                                         {0x73757245, "Coda"},
                                                         {0x01021997, "9p"}}};

/// Identifies the start of the machine; empty if the system does not say.
std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<void> write_ahead(sqlite3* database) {
  std::string mode;
  Statement statement(database, "PRAGMA journal_mode = WAL");
  const auto set = [&] { return statement.each([&](const Row& row) { mode = row.bytes(0); }); };
  Code code = set();
  // Of two connections that switch a new file concurrently one fails at once, because waiting for
  // each other would deadlock.
  const SteadyClock clock;
  for (const TimePoint end = clock.now() + kBusy; code == SQLITE_BUSY && clock.now() < end;) {
    sqlite3_sleep(kPauseMilliseconds);
    code = set();
  }
  if (code != SQLITE_OK) return fail_with(code);
  if (mode == "wal" || mode == "memory") return {};
  return fail(Errc::storage, "a write-ahead log is not possible there; it needs a local disk");
}

/// Prepares the connection for sessions, and the file too if it is new.
Result<void> prepare(sqlite3* database, SessionDurability durability) {
  if (sqlite3_db_readonly(database, "main") == 1) return fail_with(SQLITE_READONLY);
  sqlite3_busy_timeout(database, static_cast<int>(kBusy.count()));
  const Result<Identity> identity = identify(database);
  if (!identity) return fail(identity.error());
  // Checked before any change: another application's file is left exactly as it is.
  if (auto accepted = accept(*identity); !accepted) return accepted;
  if (auto logged = write_ahead(database); !logged) return logged;
  for (const char* setting : {kSettings, setting_of(durability)}) {
    if (auto set = ok_or_fail(execute(database, setting)); !set) return set;
  }
  const bool is_current = !identity->empty && identity->version == kSchemaVersion;
  return is_current ? Result<void>() : create_tables(database);
}

/// Without SQLite's own locks: each connection is used by one thread.
Result<Connection> connect(const std::string& name) {
  sqlite3* opened = nullptr;
  const Code code =
      sqlite3_open_v2(name.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Connection connection(opened);  // even a failed open leaves a handle to close
  if (code != SQLITE_OK) return fail_with(code);
  return connection;
}

}  // namespace

const char* network_file_system(long magic) noexcept {
  const auto* const found =
      std::ranges::find(kNetworkFileSystems, magic & 0xFFFFFFFF, &FileSystem::magic);
  return found == kNetworkFileSystems.end() ? nullptr : found->name;
}

/// Absolute, because SQLite would treat a relative one that begins with "file:" as a URI.
Result<std::string> file_name(const std::string& path) {
  if (path == ":memory:") return path;
  if (path.empty()) return fail(Errc::storage, "the path is empty");
  if (path.find('\0') != std::string::npos) return fail(Errc::storage, "the path holds a NUL");
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) return detail::fail_with_errno(error.value());
  if (auto file = detail::ensure_private_file(absolute); !file) return fail(file.error());
  if (auto local = refuse_network_share(absolute.string()); !local) return fail(local.error());
  return absolute.string();
}

Result<Connection> open_for_writing(const std::string& name, SessionDurability durability) {
  Result<Connection> connection = connect(name);
  if (!connection) return connection;
  if (auto ready = prepare(connection->get(), durability); !ready) return fail(ready.error());
  return connection;
}

Result<Connection> open_for_reading(const std::string& name) {
  Result<Connection> connection = connect(name);
  if (!connection) return connection;
  sqlite3_busy_timeout(connection->get(), static_cast<int>(kBusy.count()));
  const Code code =
      execute(connection->get(), "PRAGMA query_only = ON; SELECT count(*) FROM totals");
  if (code != SQLITE_OK) return fail_with(code);
  return connection;
}

Result<void> restrict_files(const std::string& name) {
  if (name == ":memory:") return {};
  for (const char* end : {"", "-wal", "-shm"}) {
    if (auto restricted = detail::restrict_to_owner(name + end); !restricted) return restricted;
  }
  return {};
}

Result<void> set_clock(sqlite3* database, WallClock wall, LastingClock& clock) {
  Transaction change(database);
  Statement find(database,
                 "SELECT boot, clock_offset, max("
                 "coalesce((SELECT last_accessed FROM sessions WHERE owner = x''"
                 " ORDER BY used DESC LIMIT 1), 0),"
                 "coalesce((SELECT last_accessed FROM sessions WHERE owner <> x''"
                 " ORDER BY used DESC LIMIT 1), 0),"
                 "coalesce((SELECT used_at FROM turns ORDER BY key DESC LIMIT 1), 0)) FROM totals");
  const std::string boot = boot_id();
  std::string stored;
  std::int64_t newest_use = 0;
  const Code code = find.each([&](const Row& row) {
    stored = row.bytes(0);
    clock.set_offset(row.integer(1));
    newest_use = row.integer(2);
  });
  if (code != SQLITE_OK) return fail_with(code);
  if (!boot.empty() && stored == boot && clock.now() >= newest_use) return {};
  const std::int64_t time = std::max(wall.now().time_since_epoch().count(), newest_use);
  clock.set_offset(clock.offset_for(time));
  Statement store(database, "UPDATE totals SET boot = ?1, clock_offset = ?2");
  if (const Code failed = store.run(boot, clock.offset_for(time)); failed != SQLITE_OK) {
    return fail_with(failed);
  }
  return ok_or_fail(change.commit());
}

bool has_moved(sqlite3* database) noexcept {
  int moved = 0;
  const Code code = sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;  // :memory: has no file
}

/// SQLite does not know that of its log (`SQLITE_FCNTL_HAS_MOVED`), which it keeps while the
/// database is open.
bool LogFile::has_moved(sqlite3* database) noexcept {
  const char* const main = sqlite3_db_filename(database, "main");
  if (main == nullptr || *main == '\0') return false;
  struct stat found {};
  const bool is_there = ::stat(sqlite3_filename_wal(main), &found) == 0;
  if (inode_ == 0) inode_ = is_there ? found.st_ino : 0;
  if (inode_ == 0 || (is_there && found.st_ino == inode_)) return false;
  sqlite3_wal_checkpoint_v2(database, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return true;
}

}  // namespace sqlite

Result<void> refuse_network_share(const std::string& path) {
  struct statfs found = {};
  if (statfs(path.c_str(), &found) != 0) return {};  // opening the file will say why
  const char* const name = sqlite::network_file_system(static_cast<long>(found.f_type));
  if (name == nullptr) return {};
  return fail(Errc::storage,
              fmt::format("it is on a network share ({}), where a write-ahead log does not work; "
                          "use a local disk",
                          name));
}

}  // namespace v0
}  // namespace vx11
