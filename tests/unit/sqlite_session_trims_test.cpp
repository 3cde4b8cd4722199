// Turns beyond the limit of their session may stay in the file for a while; no others leave it.
#include <vx11/store/memory.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "scratch_folder.hpp"
#include "sqlite_session_site.hpp"
#include "sqlite_session_steps.hpp"

using namespace sqlite_session_site;

namespace {

// Sums of all and of principals are right after each transaction.
constexpr const char* kWrongTotals =
    "SELECT (SELECT count(*) FROM totals t WHERE (t.sessions, t.bytes) <>"
    "   (SELECT count(*), (SELECT coalesce(sum(bytes), 0) FROM turns) FROM sessions))"
    " + (SELECT count(*) FROM owners o WHERE (o.sessions, o.bytes) <>"
    "   (SELECT count(DISTINCT s.key), sum(t.bytes) FROM sessions s"
    "    JOIN turns t ON t.session = s.key WHERE s.owner = o.owner))";
// Those of sessions are right once nothing is postponed.
constexpr const char* kWrongRows =
    "SELECT count(*) FROM sessions s WHERE (s.bytes, s.turns) <>"
    " (SELECT coalesce(sum(bytes), 0), count(*) FROM turns t WHERE t.session = s.key)";

std::size_t most_stored(const std::string& path) {
  return std::stoul(ask_sqlite(
      path, "SELECT coalesce(max(n), 0) FROM (SELECT count(*) n FROM turns GROUP BY session)"));
}

Contents newest(int count, int last) {
  Contents all;
  for (int i = last - count + 1; i <= last; ++i) {
    all.push_back("ask " + std::to_string(i));
    all.push_back("answer " + std::to_string(i));
  }
  return all;
}

/// Random operations of two processes on one file, and of a store in memory.
class Model {
 public:
  Model(unsigned seed, const SessionLimits& limits) : random_(seed), limits_(limits) {
    for (auto& process : processes_) process.emplace(path_, limits_, clock_);
  }

  void step() {
    const int what = below(1'000);
    clock_.advance(std::chrono::milliseconds(below(200)));
    if (what < 800) return append();
    if (what < 900) return read(ids_[below(ids_.size())]);
    if (what < 930) return erase();
    if (what < 970) return idle();
    if (what < 990) return reopen(one());
    if (what < 993) return interrupt();
    if (what < 995) return clock_.advance(limits_.idle_timeout);
    check();
  }
  void check() {
    CHECK(ask_sqlite(path_, kWrongTotals) == "0\n");
    CHECK(most_stored(path_) <= most_turns() + most_turns() / 6 * 2);
    for (const std::string& id : ids_) read(id);
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  /// Mostly the same, so that it postpones.
  std::optional<SqliteSteps>& one() { return processes_[below(100) == 0 ? 1 : 0]; }
  std::size_t most_turns() const { return (limits_.messages + 1) / 2; }

  void append() {
    std::vector<SqliteSteps::Appended> turns(1 + below(4));
    const std::size_t busy = below(ids_.size());
    for (auto& [id, said] : turns) {
      id = ids_[below(2) == 0 ? busy : below(ids_.size())];
      said = turn(std::to_string(++said_) + std::string(below(200), '.'));
      session_store_suite_parts::append(*oracle_, id, said, "u");
    }
    one()->append(turns);
  }
  void read(const std::string& id) {
    CHECK(contents(one()->recent(id)) == contents(recent(*oracle_, id)));
  }
  void erase() {
    const std::string& id = ids_[below(ids_.size())];
    CHECK(one()->erase(id) == session_store_suite_parts::erase(*oracle_, id));
  }
  void idle() {
    for (auto& process : processes_) process->idle();
    CHECK(ask_sqlite(path_, kWrongRows) == "0\n");
  }
  void reopen(std::optional<SqliteSteps>& process) {
    process.reset();
    process.emplace(path_, limits_, clock_);
  }
  /// Nothing postponed is written, as by a kill -9, or not yet.
  void interrupt() {
    auto& process = one();
    {
      const Lock lock(path_);
      process->idle();
      if (below(2) == 0) process.reset();
    }
    if (process) return;
    process.emplace(path_, limits_, clock_);
    append();  // the first transaction counts what was not written
  }

  const ScratchFolder folder_;
  const std::string path_ = folder_ / "s.db";
  std::mt19937 random_;
  const SessionLimits limits_;
  ManualClock clock_;
  const std::shared_ptr<SessionStore> oracle_ =
      vx11::make_memory_session_store({.limits = limits_, .clock = clock_, .wall_clock = clock_});
  std::array<std::optional<SqliteSteps>, 2> processes_;
  const std::vector<std::string> ids_ = {"a", "b", owned("p", "a"), owned("p", "b"),
                                         owned("q", "a")};
  int said_ = 0;
};

}  // namespace

TEST_CASE("random operations leave in the file what a store in memory has") {
  for (const std::size_t messages : {1, 5, 13, 50}) {
    for (const std::size_t bytes : {3'000, 1'000'000}) {
      CAPTURE(messages);
      CAPTURE(bytes);
      Model model(unsigned(messages + bytes), {.messages = messages, .session_bytes = bytes});
      for (int i = 0; i < 400; ++i) model.step();
      model.check();
    }
  }
}

TEST_CASE("a session that fills up again and again keeps all turns within its limit") {
  for (const int chats : {36, 46, 60, 120}) {
    CAPTURE(chats);
    const ScratchFolder folder;
    const std::string path = folder / "s.db";
    ManualClock clock;
    {
      SqliteSteps store(path, {}, clock);
      for (int i = 1; i <= chats; ++i) store.append({{"s", turn(std::to_string(i))}});
      CHECK(contents(store.recent("s")) == newest(25, chats));
      store.idle();
      CHECK(contents(store.recent("s")) == newest(25, chats));
      CHECK(ask_sqlite(path, kWrongTotals) + ask_sqlite(path, kWrongRows) == "0\n0\n");
    }
    SqliteSteps store(path, {}, clock);
    CHECK(contents(store.recent("s")) == newest(25, chats));
    store.append({{"s", turn(std::to_string(chats + 1))}});
    CHECK(contents(store.recent("s")) == newest(25, chats + 1));
  }
}

TEST_CASE("many sessions in turn keep all turns within their limits, also once the store closes") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  {
    Chats chats(open_patient(path, {.messages = 32}));
    for (int i = 1; i <= 60; ++i) {
      for (int of = 0; of < 150; ++of) chats.append(std::to_string(of), turn(std::to_string(i)));
      REQUIRE(chats.wait().empty());
    }
  }
  CHECK(ask_sqlite(path, kWrongTotals) + ask_sqlite(path, kWrongRows) == "0\n0\n");
  const auto store = open_patient(path, {.messages = 32});
  for (int of = 0; of < 150; ++of) {
    REQUIRE(contents(recent(*store, std::to_string(of))) == newest(16, 60));
  }
}

TEST_CASE("a late trim that fails is made up for") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  ManualClock clock;
  SqliteSteps store(path, {}, clock);
  for (int i = 1; i <= 31; ++i) store.append({{"s", turn(std::to_string(i))}});
  ask_sqlite(path,
             "CREATE TRIGGER fault BEFORE DELETE ON turns BEGIN SELECT RAISE(FAIL, 'fault'); END");
  store.idle();
  CHECK(most_stored(path) == 31);
  ask_sqlite(path, "DROP TRIGGER fault");
  store.idle();
  CHECK(most_stored(path) == 25);
  CHECK(contents(store.recent("s")) == newest(25, 31));
}

TEST_CASE("a session is trimmed by its next turn if the process ended before") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  ManualClock clock;
  std::optional<SqliteSteps> store(std::in_place, path, SessionLimits(), clock);
  for (int i = 1; i <= 32; ++i) store->append({{"s", turn(std::to_string(i))}});
  {
    const Lock lock(path);
    store.reset();
  }
  REQUIRE(most_stored(path) == 32);
  store.emplace(path, SessionLimits(), clock);
  store->append({{"s", turn("33")}});
  store->idle();
  CHECK(most_stored(path) == 25);
  CHECK(contents(store->recent("s")) == newest(25, 33));
}

TEST_CASE("turns beyond the limit may stay in the file for a while, but are never read") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db", {.messages = 32});
  for (int i = 1; i <= 60; ++i) {
    append(*store, "s", turn(std::to_string(i)));
    const auto messages = recent(*store, "s");
    CHECK(messages.size() == std::min<std::size_t>(2 * i, 32));
    CHECK(messages.front().content == "ask " + std::to_string(std::max(i - 15, 1)));
    CHECK(most_stored(folder / "s.db") <= 16 + 4);
  }
}

TEST_CASE("turns beyond the limit leave the file once many sessions have some, or at its end") {
  const ScratchFolder folder;
  const auto turns = [&] {
    return std::stoi(ask_sqlite(folder / "s.db", "SELECT count(*) FROM turns"));
  };
  {
    Chats chats(open_patient(folder / "s.db", {.messages = 32}));
    for (int i = 1; i <= 20; ++i) {
      for (int of = 0; of < 150; ++of) chats.append(std::to_string(of), turn(std::to_string(i)));
      REQUIRE(chats.wait().empty());
    }
    CHECK(turns() <= 150 * 20 - 128 * 3);
  }
  CHECK(turns() <= 150 * 17);
  CHECK(ask_sqlite(folder / "s.db", kWrongTotals) == "0\n");
  CHECK(ask_sqlite(folder / "s.db", kWrongRows) == "0\n");
}
