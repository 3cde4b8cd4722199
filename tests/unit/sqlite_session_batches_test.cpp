// Turns that wait share a transaction, readers do not wait for it, and what survives a power cut
// or a lack of memory.
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include "power_cut_vfs.hpp"
#include "scratch_folder.hpp"
#include "session_store_calls.hpp"
#include "sqlite_session_file.hpp"
#include "store/sqlite_file.hpp"
#include "threads/detached.hpp"
#include "threads/offload.hpp"

using namespace session_store_suite_parts;
using vx11::Result;
using vx11::Task;

namespace {

thread_local bool is_of_test = false;
std::atomic<int> until_failure = 0;

/// For its lifetime, the `number`-th allocation on another thread fails.
class FailingAllocation {
 public:
  explicit FailingAllocation(int number) noexcept {
    is_of_test = true;
    until_failure = number;
  }
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  ~FailingAllocation() { until_failure = 0; }

  bool has_failed() const noexcept { return until_failure == 0; }
};

bool fails_now() noexcept {
  if (is_of_test) return false;
  for (int left = until_failure; left > 0;) {
    if (until_failure.compare_exchange_weak(left, left - 1)) return left == 1;
  }
  return false;
}

void* allocate(std::size_t bytes) {
  void* const memory = fails_now() ? nullptr : std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Not inlined, because the compiler takes `free` in a container for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

/// Holds the write lock of a database, as another process might.
class Lock {
 public:
  explicit Lock(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { sqlite3_close(database_); }

 private:
  sqlite3* database_ = nullptr;
};

/// An event loop that runs when the test says so.
class Loop final : public vx11::Executor {
 public:
  void post(vx11::QueuedJob& job) noexcept override {
    vx11::JobQueue jobs;
    jobs.push(job);
    post_all(jobs);
  }
  void post_all(vx11::JobQueue jobs) noexcept override {
    const std::lock_guard lock(mutex_);
    queue_.append(jobs);
    ++wake_ups_;
    changed_.notify_one();  // locked, because the loop may end as soon as it has the jobs
  }
  /// Runs jobs until `done`.
  template <class Done>
  void run_until(const Done& done) {
    while (!done()) {
      vx11::JobQueue jobs;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !queue_.empty(); });
        jobs = queue_.take_all();
      }
      const ExecutorScope here(*this);
      while (vx11::QueuedJob* const job = jobs.pop()) job->run();
    }
  }
  int wake_ups() const noexcept { return wake_ups_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  vx11::JobQueue queue_;
  int wake_ups_ = 0;
};

/// Turns that are stored side by side, as those of many chats.
class Chats {
 public:
  explicit Chats(std::shared_ptr<SessionStore> store) : store_(std::move(store)) {}

  void append(const std::string& id, const Turn& said) {
    const vx11::Executor::ExecutorScope here(loop);
    ++under_way_;
    vx11::run_detached(store_, keep(this, store_->append(id, "u", said)));
  }
  /// \return the reasons of the failures
  std::vector<std::string> wait() {
    loop.run_until([this] { return under_way_ == 0; });
    return std::exchange(failures_, {});
  }

  Loop loop;

 private:
  static Task<void> keep(Chats* self, Task<Result<void>> appending) {
    const Result<void> stored = co_await std::move(appending);
    if (!stored) self->failures_.push_back(stored.error().detail);
    --self->under_way_;
  }

  std::shared_ptr<SessionStore> store_;
  int under_way_ = 0;
  std::vector<std::string> failures_;
};

std::string summary(SessionStore& store, const std::string& id) {
  auto text = vx11::sync_wait(store.summary(id, "why?"));
  REQUIRE(text);
  return *std::move(text);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Patience that a test which holds a lock cannot exhaust.
std::shared_ptr<SessionStore> open_patient(const std::string& path,
                                           vx11::SessionLimits limits = {}) {
  return open_with(path, {.limits = limits, .patience = std::chrono::minutes(1)});
}

}  // namespace

TEST_CASE("turns that wait share a transaction, and one wake-up") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db");
  Chats chats(store);
  const auto stored = [&] {
    return std::stoi(ask_sqlite(folder / "s.db", "SELECT count(*) FROM turns"));
  };
  append(*store, "first", turn("0"));
  std::size_t pages = 0;
  {
    const Lock lock(folder / "s.db");
    pages = std::filesystem::file_size(folder / "s.db-wal");
    for (int i = 0; i < 100; ++i) chats.append(std::to_string(i % 10), turn(std::to_string(i)));
  }
  CHECK(chats.wait().empty());
  CHECK(stored() == 101);
  // One was taken before the others came. A transaction of its own writes five pages at least.
  CHECK(chats.loop.wake_ups() <= 3);
  CHECK(std::filesystem::file_size(folder / "s.db-wal") - pages < 100 * 4096);
  CHECK(contents(recent(*store, "9", 4)) == Contents{"ask 89", "answer 89", "ask 99", "answer 99"});
}

TEST_CASE("a turn that fails takes none of its transaction with it") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db");
  append(*store, "s", turn("0"));
  ask_sqlite(folder / "s.db",
             "CREATE TRIGGER fault BEFORE INSERT ON turns WHEN NEW.answer = X'626164'"
             "  BEGIN SELECT RAISE(FAIL, 'private text'); END");  // 'bad'
  Chats chats(store);
  {
    const Lock lock(folder / "s.db");
    for (const char* id : {"a", "b"}) chats.append(id, turn(id));
    chats.append("a", Turn({"user", "ask"}, {"assistant", "bad"}));
    for (const char* id : {"c", "s"}) chats.append(id, turn(id));
  }
  CHECK(chats.wait() == std::vector<std::string>{"cannot write sessions: constraint failed"});
  for (const char* id : {"a", "b", "c"}) CHECK(recent(*store, id).size() == 2);
  CHECK(recent(*store, "s").size() == 4);
  CHECK(ask_sqlite(folder / "s.db",
                   "SELECT t.bytes = (SELECT sum(bytes) FROM turns), t.sessions FROM totals t") ==
        "1\n4\n");
}

TEST_CASE("a transaction that cannot be committed fails all its turns, and leaves none") {
  const ScratchFolder folder;
  PowerCutVfs disk;
  const auto store = open_patient(folder / "s.db");
  append(*store, "s", turn("0"));
  Chats chats(store);
  disk.is_full = true;
  for (const char* id : {"a", "b", "s"}) chats.append(id, turn(id));
  CHECK(chats.wait() ==
        std::vector<std::string>(3, "cannot write sessions: database or disk is full"));
  CHECK(contents(recent(*store, "s")) == Contents{"ask 0", "answer 0"});
  CHECK(summary(*store, "a") == "user: why?");
  disk.is_full = false;
  append(*store, "s", turn("1"));
  CHECK(summary(*store, "s") == "user: ask 1\nassistant: answer 1\nuser: why?");
  CHECK(recent(*store, "a").empty());
}

TEST_CASE("the queue is bounded") {
  const ScratchFolder folder;
  const auto made = vx11::open_sqlite_session_store(
      folder / "s.db", {.patience = std::chrono::minutes(1)}, {.queue = 5});
  REQUIRE(made);
  Chats chats(*made);
  {
    const Lock lock(folder / "s.db");
    for (int i = 0; i < 20; ++i) chats.append(std::to_string(i), turn("x"));
  }
  const auto failures = chats.wait();
  CHECK(failures.size() >= 10);  // one to five have left the queue for a transaction
  CHECK(failures.size() <= 15);
  for (const auto& failure : failures) {
    CHECK(failure == "cannot write sessions: too many operations wait");
  }
}

TEST_CASE("reading does not wait for a transaction, of this process or another") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db");
  append(*store, "s", turn("1"));
  const auto other = open_patient(folder / "s.db");
  Chats chats(store);
  {
    const Lock lock(folder / "s.db");
    chats.append("s", turn("2"));
    for (const auto& reader : {store, other}) {
      CHECK(summary(*reader, "s") == "user: ask 1\nassistant: answer 1\nuser: why?");
      CHECK(recent(*reader, "s").size() == 2);
    }
  }
  CHECK(chats.wait().empty());
  CHECK(summary(*store, "s") == "user: ask 2\nassistant: answer 2\nuser: why?");
}

TEST_CASE("a summary of two stores on one file is never older than what either stored") {
  const ScratchFolder folder;
  const auto one = open(folder / "s.db");
  const auto other = open(folder / "s.db");
  for (int i = 0; i < 20; ++i) {
    const std::string text = std::to_string(i);
    append(i % 3 == 0 ? *other : *one, "s", turn(text));
    const std::string said = "user: ask " + text + "\nassistant: answer " + text + "\nuser: why?";
    for (int again = 0; again < 2; ++again) {
      CHECK(summary(*one, "s") == said);
      CHECK(summary(*other, "s") == said);
    }
  }
  CHECK(erase(*other, "s"));
  CHECK(summary(*one, "s") == "user: why?");
  append(*one, "s", turn("20"));
  CHECK_FALSE(erase(*one, "none"));  // changes nothing
  append(*other, "s", turn("21"));
  CHECK(summary(*one, "s") == "user: ask 21\nassistant: answer 21\nuser: why?");
}

TEST_CASE("a summary needs no thread once the session is known") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db");
  append(*store, "s", turn("1"));
  Loop loop;
  const vx11::Executor::ExecutorScope here(loop);
  auto task = store->summary("s", "why?");
  CHECK(std::move(task).operator co_await().await_ready());
}

TEST_CASE("a use by reading is not lost when the store is closed") {
  const ScratchFolder folder;
  ManualClock clock;
  append(*open(folder / "s.db", {}, clock), "s", turn("1"));
  for (int i = 0; i < 3; ++i) {
    clock.advance(59min);
    CHECK(summary(*open(folder / "s.db", {}, clock), "s").size() > 20);
    clock.advance(59min);
    CHECK(recent(*open(folder / "s.db", {}, clock), "s", 0).empty());
  }
  CHECK(find(*open(folder / "s.db", {}, clock), "s"));
}

TEST_CASE("a session that one store only reads is not deleted by another, as busy as both are") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto reads = open(folder / "s.db", {}, clock);
  const auto other = open(folder / "s.db", {}, clock);
  append(*reads, "s", turn("1"));
  for (int i = 0; i < 12; ++i) {
    clock.advance(10min);
    CHECK(summary(*reads, "s").size() > 20);
    append(*reads, "busy", turn("x"));
    clock.advance(3s);
    append(*reads, "busy", turn("y"));
    append(*other, "busy too", turn("x"));
  }
  CHECK(find(*other, "s"));
}

TEST_CASE("a session that was read hides no expired ones") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {}, clock);
  for (const char* id : {"read", "expires"}) append(*store, id, turn("1"));
  clock.advance(1h - 1s);
  append(*store, "busy", turn("1"));  // uses are written now, but not by the next one
  CHECK(summary(*store, "read").size() > 20);
  clock.advance(1s);
  append(*store, "busy", turn("2"));
  CHECK(ask_sqlite(folder / "s.db", "SELECT CAST(id AS TEXT) FROM sessions ORDER BY key") ==
        "read\nbusy\n");
}

TEST_CASE("a turn is a later use than a reading before it") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db", {.sessions = 3});
  const auto other = open(folder / "s.db", {.sessions = 3});
  for (const char* id : {"c", "b", "a"}) append(*store, id, turn("1"));
  for (const char* id : {"b", "c"}) CHECK(summary(*store, id).size() > 20);
  append(*store, "a", turn("2"));
  append(*store, "d", turn("1"));  // "b" leaves
  const auto ids = [&] {
    return ask_sqlite(folder / "s.db", "SELECT CAST(id AS TEXT) FROM sessions ORDER BY used");
  };
  CHECK(ids() == "c\na\nd\n");
  append(*other, "d", turn("2"));
  CHECK(summary(*store, "c").size() > 20);  // later than those of the other store
  append(*store, "e", turn("1"));           // "a" leaves
  CHECK(ids() == "d\nc\ne\n");
}

TEST_CASE("a turn is a later use than a reading before it, in one transaction as well") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store =
      open_with(folder / "s.db",
                {.limits = {.sessions = 3}, .clock = clock, .patience = std::chrono::minutes(1)});
  for (const char* id : {"first", "a", "b"}) append(*store, id, turn("1"));
  Chats chats(store);
  {
    const Lock lock(folder / "s.db");
    const long reads = clock.reads();
    chats.append("first", turn("2"));
    while (clock.reads() < reads + 3) std::this_thread::yield();  // it begins without the others
    for (const char* id : {"a", "b"}) CHECK(summary(*store, id).size() > 20);
    for (const char* id : {"a", "c", "d"}) chats.append(id, turn("2"));
  }
  CHECK(chats.wait().empty());
  CHECK(contents(recent(*store, "a")) == Contents{"ask 1", "answer 1", "ask 2", "answer 2"});
  CHECK_FALSE(find(*store, "b"));
}

namespace {

/// Operations wait in the queue for as long as the test says.
class QueueClock final : public vx11::TimeSource {
 public:
  vx11::TimePoint now() const noexcept override {
    return vx11::TimePoint(1h) + (std::this_thread::get_id() == test_ ? 0ns : waited.load());
  }
  vx11::WallTime wall_now() const noexcept override { return vx11::WallTime(1h); }

  std::atomic<vx11::Duration> waited = 0ns;

 private:
  const std::thread::id test_ = std::this_thread::get_id();
};

}  // namespace

TEST_CASE("an operation that has waited for the patience fails, also one that reads") {
  const ScratchFolder folder;
  QueueClock clock;
  const auto store = open_with(folder / "s.db", {.clock = clock, .patience = 250ms});
  append(*store, "s", turn("1"));
  clock.waited = 251ms;
  const auto read = vx11::sync_wait(store->recent("s", 1));
  REQUIRE_FALSE(read);
  CHECK(read.error().detail == "cannot read sessions: database is locked");
  CHECK_FALSE(vx11::sync_wait(store->append("s", "u", turn("2"))));
  clock.waited = 249ms;
  CHECK(recent(*store, "s").size() == 2);
}

TEST_CASE("without memory each turn fails or is stored once, and the store keeps working") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db", {.sessions = 3});
  Chats chats(store);
  bool has_failed = true;
  int number = 1;
  for (; has_failed; ++number) {
    CAPTURE(number);
    const std::string id = std::to_string(number);
    append(*store, "read", turn("1"));
    append(*store, id, turn("0"));
    CHECK(summary(*store, "read").size() > 20);
    std::optional<Lock> lock(folder / "s.db");
    for (const char* text : {"1", "2", "3"}) chats.append(id, turn(text));
    chats.append("other " + id, turn("1"));
    const FailingAllocation fault(number);
    lock.reset();
    const std::vector<std::string> failures = chats.wait();
    has_failed = fault.has_failed();
    for (const auto& failure : failures) CHECK(failure == "cannot write sessions: out of memory");
    until_failure = 0;
    const std::size_t stored = recent(*store, id).size() + recent(*store, "other " + id).size();
    CHECK(stored == 2 * (5 - failures.size()));
  }
  CHECK(number > 20);
}

TEST_CASE("what is not written of sessions is counted if there was no memory to note it") {
  bool has_failed = true;
  int number = 1;
  for (; has_failed; ++number) {
    CAPTURE(number);
    const ScratchFolder folder;
    auto store = open_patient(folder / "s.db", {.messages = 8});
    for (const char* id : {"a", "b", "a"}) append(*store, id, turn("0"));
    {
      Chats chats(store);
      std::optional<Lock> lock(folder / "s.db");
      for (const char* id : {"a", "c", "b", "d"}) chats.append(id, turn("1"));
      const FailingAllocation fault(number);
      lock.reset();
      chats.wait();
      has_failed = fault.has_failed();
    }
    for (const char* id : {"d", "a", "a", "a"}) append(*store, id, turn("2"));
    CHECK(recent(*store, "a").size() == 8);
    store.reset();
    CHECK(ask_sqlite(folder / "s.db",
                     "SELECT count(*) FROM sessions s WHERE (s.bytes, s.turns) <>"
                     " (SELECT sum(bytes), count(*) FROM turns t WHERE t.session = s.key);"
                     "SELECT bytes - (SELECT sum(bytes) FROM turns),"
                     " sessions - (SELECT count(*) FROM sessions) FROM totals") == "0\n0\n0\n");
  }
  CHECK(number > 20);
}

TEST_CASE("without memory a reading fails alone") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db");
  append(*store, "s", turn("1"));
  int failures = 0;
  bool has_failed = true;
  for (int number = 1; has_failed; ++number) {
    const FailingAllocation fault(number);
    const auto messages = vx11::sync_wait(store->recent("s", kAll));
    has_failed = fault.has_failed();
    if (messages) CHECK(messages->size() == 2);
    if (!messages) {
      CHECK(messages.error().detail == "cannot read sessions: out of memory");
      ++failures;
    }
  }
  CHECK(failures > 0);
}

TEST_CASE("setting the time of day ends no session in a file, and keeps none") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {}, clock);
  append(*store, "s", turn("1"));
  const std::vector<std::chrono::hours> jumps{24h, -48h, 24h * 365};
  for (const auto jump : jumps) {
    clock.set_wall(clock.wall_now() + jump);
    CHECK(summary(*store, "s").size() > 20);
    CHECK(find(*store, "s"));
    const auto other = open(folder / "s.db", {}, clock);
    CHECK(recent(*other, "s").size() == 2);
    append(*other, "t", turn("1"));
    clock.advance(1min);
  }
  clock.advance(1h);
  CHECK_FALSE(find(*store, "s"));
  CHECK_FALSE(find(*store, "t"));
}

TEST_CASE("after a restart of the machine the time of day counts, unless it went back") {
  const ScratchFolder folder;
  ManualClock clock;
  append(*open(folder / "s.db", {}, clock), "s", turn("1"));
  const auto restart = [&](std::chrono::minutes off) {
    ask_sqlite(folder / "s.db", "UPDATE totals SET boot = X'00'");
    clock.set_wall(clock.wall_now() + off);
    return find(*open(folder / "s.db", {}, clock), "s").has_value();
  };
  CHECK(restart(59min));
  CHECK(restart(-24h));
  clock.advance(59min);
  CHECK(restart(0min));
  CHECK_FALSE(restart(24h + 60min));
}

TEST_CASE("limits that were lowered evict step by step") {
  const ScratchFolder folder;
  {
    const auto store = open(folder / "s.db");
    for (int i = 0; i < 100; ++i) append(*store, std::to_string(i), turn("x"));
  }
  const auto count = [&] {
    return std::stoi(ask_sqlite(folder / "s.db", "SELECT sessions FROM totals"));
  };
  const auto store = open(folder / "s.db", {.sessions = 10});
  append(*store, "99", turn("x"));
  CHECK(count() >= 100 - 16 - 64);
  for (int i = 0; i < 5; ++i) append(*store, "99", turn("x"));
  CHECK(count() == 10);
  CHECK(find(*store, "90"));
  CHECK_FALSE(find(*store, "89"));
}

TEST_CASE("no statement that evicts visits other sessions") {
  const ScratchFolder folder;
  open(folder / "s.db");
  const auto plan = [&](const std::string& where) {
    return ask_sqlite(folder / "s.db",
                      "EXPLAIN QUERY PLAN SELECT key, id FROM sessions WHERE key <> 1 AND " +
                          where + " ORDER BY used LIMIT 1");
  };
  CHECK(plan("owner = x''").find("USING INDEX sessions_by_use\n") != std::string::npos);
  CHECK(plan("owner <> x''").find("USING INDEX owned_sessions_by_use\n") != std::string::npos);
  const std::string of_one = plan("owner = x'61' AND owner <> x''");
  CHECK(of_one.find("USING INDEX sessions_by_owner (owner=?)") != std::string::npos);
  CHECK(of_one.find("TEMP B-TREE") == std::string::npos);
}

TEST_CASE("the text of a deleted session is in no file any more") {
  const ScratchFolder folder;
  const std::string secret = "a sentence that must not stay";
  {
    const auto store = open(folder / "s.db");
    append(*store, "s", Turn({"user", secret}, {"assistant", std::string(9000, 'x') + secret}));
    append(*store, "t", turn("1"));
    CHECK(content_of(folder / "s.db-wal").find(secret) != std::string::npos);
    CHECK(erase(*store, "s"));
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    CAPTURE(file.path());
    CHECK(content_of(file.path()).find(secret) == std::string::npos);
  }
}

TEST_CASE("files beside an existing database become their owner's alone") {
  const ScratchFolder folder;
  const auto first = open(folder / "s.db");
  append(*first, "s", turn("1"));
  const std::vector<std::string> names{"s.db", "s.db-wal", "s.db-shm"};
  for (const auto& name : names)
    std::filesystem::permissions(folder / name, std::filesystem::perms(0664));
  open(folder / "s.db");
  for (const auto& name : names) {
    struct stat found = {};
    REQUIRE(stat((folder / name).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
  }
}

TEST_CASE("network shares are known by name") {
  CHECK(std::string(vx11::sqlite::network_file_system(0x6969)) == "NFS");
  CHECK(std::string(vx11::sqlite::network_file_system(static_cast<int>(0xFF534D42))) == "CIFS");
  for (const long local : {0xEF53L, 0x01021994L, 0x58465342L, 0x794C7630L}) {
    CHECK(vx11::sqlite::network_file_system(local) == nullptr);
  }
}

namespace {

/// What a power cut left, and what had been acknowledged.
struct Cut {
  PowerCutVfs::Image image;
  int acknowledged = 0;
};

/// Stores numbered turns, and cuts the power at every `each`-th operation on the files.
std::vector<Cut> cuts_while_storing(vx11::SessionDurability durability, int turns, int each) {
  const ScratchFolder folder;
  PowerCutVfs disk;
  std::atomic<int> acknowledged = 0;
  std::vector<Cut> cuts;
  {
    auto made = vx11::open_sqlite_session_store(folder / "s.db", {.limits = {.messages = 20}},
                                                {.durability = durability});
    REQUIRE(made);
    unsigned operations = 0;
    disk.before_operation = [&] {
      if (++operations % static_cast<unsigned>(each) != 0) return;
      Cut cut{{}, acknowledged};
      for (auto& [path, content] : disk.after_power_cut(operations)) {
        cut.image[std::filesystem::path(path).filename()] = std::move(content);
      }
      cuts.push_back(std::move(cut));
    };
    for (int i = 1; i <= turns; ++i) {
      append(**made, std::to_string(i % 3), turn(std::to_string(i)));
      acknowledged = i;
    }
  }
  disk.before_operation = [] {};
  return cuts;
}

/// The number of the last turn that is there after the restart. None before it is missing or
/// partial, and the file is sound.
int last_turn_after(const Cut& cut) {
  const ScratchFolder folder;
  for (const auto& [name, content] : cut.image) folder.write(name, content);
  int last = 0;
  const auto store = open(folder / "s.db", {.messages = 20});
  for (int session = 0; session < 3; ++session) {
    const auto messages = recent(*store, std::to_string(session));
    for (std::size_t i = 0; i < messages.size(); i += 2) {
      const int number = std::stoi(messages[i].content.substr(4));
      CHECK(messages[i + 1].content == "answer " + std::to_string(number));
      CHECK(number % 3 == session);
      if (i > 0) CHECK(number == std::stoi(messages[i - 2].content.substr(4)) + 3);
      last = std::max(last, number);
    }
  }
  append(*store, "after", turn("x"));
  CHECK(ask_sqlite(folder / "s.db", "PRAGMA integrity_check") == "ok\n");
  return last;
}

}  // namespace

TEST_CASE("a power cut at any moment loses no acknowledged turn of durability power") {
  int checked = 0;
  for (const Cut& cut : cuts_while_storing(vx11::SessionDurability::power, 90, 11)) {
    CAPTURE(cut.acknowledged);
    const int last = last_turn_after(cut);
    CHECK(last >= cut.acknowledged);
    CHECK(last <= cut.acknowledged + 1);
    ++checked;
  }
  CHECK(checked > 50);
}

TEST_CASE("a power cut at any moment corrupts no file of durability process") {
  bool lost_some = false;
  for (const Cut& cut : cuts_while_storing(vx11::SessionDurability::process, 60, 11)) {
    CAPTURE(cut.acknowledged);
    const int last = last_turn_after(cut);
    CHECK(last <= cut.acknowledged + 1);
    lost_some = lost_some || last < cut.acknowledged;
  }
  CHECK(lost_some);  // otherwise the cuts would show nothing
}
