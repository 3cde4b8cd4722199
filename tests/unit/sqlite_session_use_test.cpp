// When a session was used, in which order, and which ones leave.
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "scratch_folder.hpp"
#include "sqlite_session_site.hpp"

using namespace sqlite_session_site;

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
