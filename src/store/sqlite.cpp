#include <vx11/store/sqlite.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "store/limits.hpp"
#include "store/sqlite_batches.hpp"
#include "store/sqlite_file.hpp"
#include "store/sqlite_schema.hpp"
#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

using sqlite::Jobs;
using sqlite::ReadJob;

const char* reason_of(sqlite::Code code) noexcept {
  if (code == sqlite::kMoved) return "the file was moved, deleted or replaced";
  if (code == sqlite::kLogMoved) {
    return "the -wal file beside the database was moved, deleted or replaced; restart the program";
  }
  if (code == sqlite::kQueueIsFull) return "too many operations wait";
  return sqlite3_errstr(code);
}

tl::unexpected<Error> storage_failure(std::string_view doing, sqlite::Code code) {
  return fail(Errc::storage, fmt::format("cannot {} sessions: {}", doing, reason_of(code)));
}

class AppendJob final : public sqlite::WriteJob {
 public:
  AppendJob(TimePoint until, const std::string& id, const std::string& user_id, const Turn& turn,
            WallClock clock)
      : WriteJob(until, id), user_id_(user_id), turn_(turn, clock) {}
  bool appends() const noexcept override { return true; }
  void apply(sqlite::SessionChange& change) override { change.append(id, user_id_, turn_); }

 private:
  const std::string& user_id_;
  const sqlite::NewTurn turn_;
};

class EraseJob final : public sqlite::WriteJob {
 public:
  using WriteJob::WriteJob;
  void apply(sqlite::SessionChange& change) override { was_there = change.erase(id); }

  bool was_there = false;
};

/// The connections of a store. A database in memory has one, for both.
struct Connections {
  std::string name = {};
  sqlite::Connection writer = nullptr;
  sqlite::Connection reader = nullptr;
  sqlite::LastingClock clock;

  bool is_private() const noexcept { return reader == nullptr; }
  sqlite3* reads() const noexcept { return is_private() ? writer.get() : reader.get(); }
};

class SqliteSessionStore final : public SessionStore {
 public:
  SqliteSessionStore(Connections connections, const SessionStoreOptions& options,
                     const SqliteOptions& sqlite)
      : patience_(options.patience),
        shared_(share(connections, options, sqlite.durability)),
        reads_(std::move(connections.reader)),
        reader_(reads_ ? reads_.get() : connections.writer.get(), shared_),
        writer_(std::move(connections.writer), std::move(connections.name), shared_),
        writing_(sqlite.queue, {.run = [this](Jobs& jobs) { change(jobs); },
                                .after = [this] { writer_.tidy_up(); },
                                .has_idle_work = [this] { return writer_.has_idle_work(); },
                                .do_idle_work = [this] { writer_.do_idle_work(); }}) {
    if (!reads_) return;
    reading_.emplace(sqlite.queue, sqlite::Lane::Work{.run = [this](Jobs& jobs) { read(jobs); }});
  }
  ~SqliteSessionStore() override { reading_.reset(); }

  sqlite::Code code() const noexcept {
    return reader_.code() != SQLITE_OK ? reader_.code() : writer_.code();
  }

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override {
    ReadJob job(until(), id, count);
    auto reading = readers().run(job);
    co_await reading;
    if (job.code() != SQLITE_OK) co_return storage_failure("read", job.code());
    if (count == 0) job.session.messages.clear();
    co_return std::move(job.session.messages);
  }

  Task<Result<std::optional<Session>>> find(std::string id) override {
    ReadJob job(until(), id, shared_.limits.messages);
    auto reading = readers().run(job);
    co_await reading;
    if (job.code() != SQLITE_OK) co_return storage_failure("read", job.code());
    if (job.session.messages.empty()) co_return std::optional<Session>();
    job.session.id = std::move(id);
    co_return std::optional<Session>(std::move(job.session));
  }

  /// Known sessions need neither a thread nor a coroutine.
  Task<Result<std::string>> summary(std::string id, std::string_view question) override {
    bool touched = false;
    const auto known = shared_.memory.find(id, shared_.clock.now(), touched);
    if (touched) writing_.note_idle_work();
    if (!known.is_known) return SessionStore::summary(std::move(id), question);
    const MessageView asked("user", question);
    if (!known.newest) return summary_of(std::array{asked});
    const Turn& newest = *known.newest;
    const std::array said = {MessageView(newest.user), MessageView(newest.assistant), asked};
    return summary_of(std::span(said).last(shared_.limits.messages > 1 ? 3 : 2));
  }

  Task<Result<void>> append(std::string id, std::string user_id, Turn turn) override {
    detail::bound_turn(turn, shared_.limits.message_bytes);
    AppendJob job(until(), id, user_id, turn, shared_.wall_clock);
    auto writing = writing_.run(job);
    co_await writing;
    if (job.code() != SQLITE_OK) co_return storage_failure("write", job.code());
    co_return Result<void>();
  }

  Task<Result<bool>> erase(std::string id) override {
    EraseJob job(until(), id);
    auto writing = writing_.run(job);
    co_await writing;
    if (job.code() != SQLITE_OK) co_return storage_failure("delete", job.code());
    co_return job.was_there;
  }

  SessionFigures figures() const override {
    const auto now = [](const auto& figure) {
      return static_cast<std::uint64_t>(std::max(figure.load(std::memory_order_relaxed), {}));
    };
    const sqlite::Tally& tally = shared_.tally;
    SessionFigures figures{.evicted = now(tally.evicted), .expired = now(tally.expired)};
    if (tally.sessions.load(std::memory_order_relaxed) < 0) return figures;
    figures.sessions = now(tally.sessions);
    figures.bytes = now(tally.bytes);
    return figures;
  }

 private:
  static sqlite::Shared share(const Connections& connections, const SessionStoreOptions& options,
                              SessionDurability durability) {
    const SessionLimits limits = detail::at_least_one(options.limits);
    const auto idle = std::chrono::ceil<std::chrono::milliseconds>(limits.idle_timeout).count();
    return {.limits = limits,
            .idle = idle,
            .wall_clock = options.wall_clock,
            .steady_clock = options.clock,
            .clock = connections.clock,
            .memory = {idle, sqlite::ChangeCounter(connections.reads()), connections.is_private()},
            .durability = durability};
  }

  TimePoint until() const { return saturated_add(shared_.steady_clock.now(), patience_); }
  sqlite::Lane& readers() noexcept { return reading_ ? *reading_ : writing_; }

  void read(const Jobs& jobs) {
    if (reader_.run(jobs)) writing_.note_idle_work();
  }

  /// Without a thread for reading, reads and changes keep their order.
  void change(const Jobs& jobs) {
    if (reading_) return writer_.run(jobs);
    for (sqlite::Job* const job : jobs) job->reads() ? read({job}) : writer_.run({job});
  }

  const Duration patience_;
  sqlite::Shared shared_;
  const sqlite::Connection reads_;  ///< Null: the writer's.
  sqlite::Reader reader_;
  sqlite::Writer writer_;
  sqlite::Lane writing_;
  std::optional<sqlite::Lane> reading_;
};

Result<Connections> connect(const std::string& path, const SessionStoreOptions& options,
                            SessionDurability durability) {
  Connections made{.clock = sqlite::LastingClock(options.clock)};
  Result<std::string> name = sqlite::file_name(path);
  if (!name) return fail(name.error());
  auto writer = sqlite::open_for_writing(*name, durability);
  if (!writer) return fail(writer.error());
  if (auto set = sqlite::set_clock(writer->get(), options.wall_clock, made.clock); !set) {
    return fail(set.error());
  }
  made.writer = *std::move(writer);
  if (*name != ":memory:") {
    auto reader = sqlite::open_for_reading(*name);
    if (!reader) return fail(reader.error());
    made.reader = *std::move(reader);
  }
  if (auto restricted = sqlite::restrict_files(*name); !restricted) return fail(restricted.error());
  made.name = *std::move(name);
  return made;
}

}  // namespace

Result<std::shared_ptr<SessionStore>> open_sqlite_session_store(const std::string& path,
                                                                SessionStoreOptions options,
                                                                SqliteOptions sqlite) {
  const auto cannot_open = [&](std::string_view reason) {
    return fail(Errc::storage,
                fmt::format("cannot open the session database {}: {}", path, reason));
  };
  Result<Connections> connections = connect(path, options, sqlite.durability);
  if (!connections) return cannot_open(connections.error().detail);
  try {
    auto store = std::make_shared<SqliteSessionStore>(*std::move(connections), options, sqlite);
    if (store->code() != SQLITE_OK) return cannot_open(sqlite3_errstr(store->code()));
    return store;
  } catch (const std::system_error& error) {
    return cannot_open(error.what());  // no thread can be created
  }
}

}  // namespace v0
}  // namespace vx11
