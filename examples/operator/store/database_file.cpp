#include "operator/store/database_file.hpp"

#include <vx11/store/sqlite.hpp>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "operator/store/database_schema.hpp"

namespace backend {

namespace {

using vx11::Errc;
using vx11::fail;
using vx11::Result;

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

tl::unexpected<vx11::Error> fail_with_errno(int error) {
  return fail(Errc::storage, std::generic_category().message(error));
}

/// \return errno, or 0
int make_private_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return 0;
  if (const int error = make_private_folder(folder.parent_path())) return error;
  return ::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST ? 0 : errno;
}

Result<> restrict_to_owner(int descriptor) {
  struct stat found = {};
  if (::fstat(descriptor, &found) != 0) return fail_with_errno(errno);
  if (!S_ISREG(found.st_mode)) return fail(Errc::storage, "not a regular file");
  if ((found.st_mode & kOthers) == 0) return {};
  if (::fchmod(descriptor, found.st_mode & 07777U & ~kOthers) == 0) return {};
  return fail(Errc::storage,
              "it is accessible to other users; its owner can change that with "
              "chmod 600");
}

Result<> take(int descriptor, const std::string& name) {
  if (auto restricted = restrict_to_owner(descriptor); !restricted) return restricted;
  if (auto local = vx11::refuse_network_share(name); !local) return local;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return fail_with_errno(errno);
  return fail(Errc::storage, "another vx11-operator uses it: end that one, or choose another file");
}

/// Nothing is changed in a file that is refused.
Result<> accept(Connection& connection) {
  const auto version = connection.integer("PRAGMA user_version").value_or(0);
  const bool is_empty = connection.integer("SELECT count(*) FROM sqlite_schema") == 0;
  const bool is_ours = connection.integer("PRAGMA application_id") == kApplicationId;
  if (!is_ours && !is_empty) return fail(Errc::storage, "it is a database of another program");
  if (version <= static_cast<std::int64_t>(kMigrations.size())) return {};
  return fail(Errc::storage,
              fmt::format("it was written by a newer version of vx11-operator (schema {}, this one "
                          "knows {}): start that version, or choose another file",
                          version, kMigrations.size()));
}

void migrate(Connection& connection) {
  SQLite::Transaction transaction(connection.sqlite(), SQLite::TransactionBehavior::IMMEDIATE);
  const auto version =
      static_cast<std::size_t>(connection.integer("PRAGMA user_version").value_or(0));
  for (std::size_t next = version; next < kMigrations.size(); ++next) {
    connection.sqlite().exec(kMigrations[next]);
  }
  connection.sqlite().exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
  connection.sqlite().exec(fmt::format("PRAGMA user_version = {}", kMigrations.size()));
  transaction.commit();
}

Connection connect(const std::string& name, std::chrono::milliseconds busy_timeout) {
  SQLite::Database database(name, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                            static_cast<int>(busy_timeout.count()));
  return Connection(std::move(database));
}

/// FULL: a commit is on the disk. Deleted text is overwritten, so that deleting is that.
Result<> prepare(Connection& connection) {
  if (auto accepted = accept(connection); !accepted) return accepted;
  const auto mode = connection.text("PRAGMA journal_mode = WAL");
  if (mode != "wal") {
    return fail(Errc::storage, "a write-ahead log is not possible there; it needs a local disk");
  }
  connection.sqlite().exec("PRAGMA synchronous = FULL");
  connection.text("PRAGMA secure_delete = ON");
  connection.text("PRAGMA journal_size_limit = 16777216");
  migrate(connection);
  return {};
}

}  // namespace

Result<DatabaseFile> DatabaseFile::lock(const std::string& path) {
  if (path.empty()) return fail(Errc::storage, "the path of the database is empty");
  if (path.find('\0') != std::string::npos) {
    return fail(Errc::storage, "the path of the database holds a NUL");
  }
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) return fail_with_errno(error.value());
  if (const int failed = make_private_folder(absolute.parent_path())) {
    return fail_with_errno(failed);
  }
  const int descriptor =
      ::open(absolute.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return fail_with_errno(errno);
  DatabaseFile file(absolute.string(), descriptor);
  if (auto taken = take(descriptor, file.name()); !taken) return fail(std::move(taken.error()));
  return file;
}

/// Closing a descriptor of the file releases SQLite's own locks of this process, so connections are
/// closed before.
DatabaseFile::~DatabaseFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Connection> open_for_changes(const std::string& name,
                                    std::chrono::milliseconds busy_timeout) {
  try {
    Connection connection = connect(name, busy_timeout);
    if (auto ready = prepare(connection); !ready) return fail(std::move(ready.error()));
    return connection;
  } catch (const SQLite::Exception& failure) {
    return fail(storage_error(failure));
  }
}

Result<Connection> open_for_queries(const std::string& name,
                                    std::chrono::milliseconds busy_timeout) {
  try {
    Connection connection = connect(name, busy_timeout);
    connection.sqlite().exec("PRAGMA query_only = ON");
    return connection;
  } catch (const SQLite::Exception& failure) {
    return fail(storage_error(failure));
  }
}

vx11::Error storage_error(const SQLite::Exception& failure) {
  const auto error = [](const char* text) { return vx11::Error(Errc::storage, text); };
  switch (failure.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error("the database is locked by another process");
    case SQLITE_FULL:
      return error("the disk of the database is full");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return error("the database cannot be written: check the owner and the mode of its file");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return error("the file is no database, or is damaged");
    case SQLITE_NOMEM:
      return error("there is no memory for the database");
    case SQLITE_TOOBIG:
      return error("a value is too large for the database");
    case SQLITE_CONSTRAINT:
      return error("a value breaks a rule of the database");
    default:
      return error("the database cannot be read or written");
  }
}

}  // namespace backend
