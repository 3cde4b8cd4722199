// What the database keeps: events, audit, sessions, settings.

#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "audit_store.hpp"
#include "scratch_folder.hpp"
#include "session_search.hpp"
#include "settings_store.hpp"
#include "sqlite_event_store.hpp"
#include "transcript_store.hpp"

namespace {

using namespace std::chrono_literals;
using backend::AuditEntry;
using backend::Connection;
using backend::Database;
using backend::EventFilter;
using backend::EventPage;
using backend::NewEvent;
using backend::Severity;
using backend::StoredEvent;
using backend::Turn;
using nlohmann::json;
using vx11::sync_wait;

NewEvent event(std::string type, Severity severity = Severity::info,
               std::string module = "switch") {
  NewEvent added;
  added.type = std::move(type);
  added.severity = severity;
  added.module = std::move(module);
  return added;
}

std::vector<std::string> types_of(const EventPage& page) {
  std::vector<std::string> types;
  for (const StoredEvent& found : page.events) types.push_back(found.content.type);
  return types;
}

Turn turn(std::string session, std::string question, std::string answer,
          std::string principal = "anna") {
  Turn said;
  said.session_id = std::move(session);
  said.question = std::move(question);
  said.answer = std::move(answer);
  said.principal = std::move(principal);
  return said;
}

struct Site {
  explicit Site(std::size_t max_events = 100'000) : options_max(max_events) { open(); }

  void open() {
    events.reset();
    audit.reset();
    chats.reset();
    database.reset();
    database = Database::open({.path = folder / "operator.db"}).value();
    events = backend::make_sqlite_event_store(
        database, {.max_events = options_max, .max_age = 24h, .clock = clock, .wall_clock = clock});
    audit = backend::make_sqlite_audit_store(database, {.max_entries = 100, .wall_clock = clock});
    chats = backend::make_sqlite_transcript_store(
        database, {.sessions_per_principal = 5, .turns_per_session = 3}, clock);
  }
  std::uint64_t add(NewEvent added) { return sync_wait(events->add(std::move(added))).value(); }
  EventPage list(EventFilter filter = {}) { return sync_wait(events->list(filter)).value(); }
  void say(Turn said) { REQUIRE(sync_wait(chats->add(std::move(said)))); }
  backend::ChatSessionPage sessions(backend::ChatSessionFilter filter = {}) {
    return sync_wait(chats->list(std::move(filter))).value();
  }
  /// Of the file and its log.
  std::string bytes() const {
    std::string all;
    for (const char* name : {"operator.db", "operator.db-wal"}) {
      std::ifstream file(folder / name, std::ios::binary);
      all += std::string(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  std::size_t options_max;
  ScratchFolder folder;
  vx11::testing::ManualClock clock;
  std::shared_ptr<Database> database;
  std::shared_ptr<backend::EventStore> events;
  std::shared_ptr<backend::AuditStore> audit;
  std::shared_ptr<backend::TranscriptStore> chats;
};

/// Counts the steps of SQLite's machine in queries, by hundreds.
class Steps {
 public:
  explicit Steps(Database& database) : database_(database) { install(&Steps::count); }
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;
  ~Steps() { install(nullptr); }
  int take() { return std::exchange(hundreds_, 0) * 100; }

 private:
  static int count(void* self) {
    ++static_cast<Steps*>(self)->hundreds_;
    return 0;
  }
  void install(int (*handler)(void*)) {
    CHECK(sync_wait(database_.read([this, handler](Connection& connection) {
      sqlite3_progress_handler(connection.sqlite().getHandle(), 100, handler, this);
    })));
  }

  Database& database_;
  int hundreds_ = 0;
};

}  // namespace

TEST_CASE("an event is stored with all that it has, and listed the newest first") {
  Site site;
  NewEvent full = event("breaker.opened", Severity::warn, "hermes");
  full.summary = "The circuit breaker is open";
  full.correlation_id = "c-1";
  full.payload = {{"failures", 3}};
  CHECK(site.add(full) == 1);
  CHECK(site.add(event("login")) == 2);
  const EventPage page = site.list();
  CHECK(types_of(page) == std::vector<std::string>{"login", "breaker.opened"});
  CHECK(page.total == 2);
  CHECK_FALSE(page.has_more);
  const json expected = {{"event_id", "1"},
                         {"id", 1},
                         {"event_type", "breaker.opened"},
                         {"type", "breaker.opened"},
                         {"ts", "2025-12-28T12:34:56.789Z"},
                         {"created_at", "2025-12-28T12:34:56.789Z"},
                         {"severity", "warn"},
                         {"module", "hermes"},
                         {"summary", "The circuit breaker is open"},
                         {"correlation_id", "c-1"},
                         {"payload", {{"failures", 3}}}};
  CHECK(backend::to_json(page.events.back()) == expected);
}

TEST_CASE("filters of events filter, alone and together, and the total is that of the filter") {
  Site site;
  site.add(event("a", Severity::error, "switch"));
  site.add(event("b", Severity::info, "switch"));
  site.clock.advance(1min);
  const vx11::WallTime later = site.clock.wall_now();
  site.add(event("c", Severity::error, "hermes"));
  site.add(event("d", Severity::error, "switch"));
  const auto found = [&](std::optional<Severity> severity, std::string module, bool since,
                         std::size_t limit = 50) {
    EventFilter filter;
    filter.severity = severity;
    filter.module = std::move(module);
    filter.limit = limit;
    if (since) filter.since = later;
    return site.list(filter);
  };
  using Types = std::vector<std::string>;
  CHECK(types_of(found(Severity::error, "", false)) == Types{"d", "c", "a"});
  CHECK(types_of(found(std::nullopt, "switch", false)) == Types{"d", "b", "a"});
  CHECK(types_of(found(Severity::error, "switch", false)) == Types{"d", "a"});
  CHECK(types_of(found(Severity::error, "switch", true)) == Types{"d"});
  CHECK(types_of(found(std::nullopt, "", true)) == Types{"d", "c"});
  CHECK(types_of(found(Severity::critical, "", false)).empty());
  const EventPage first = found(Severity::error, "", false, 2);
  CHECK(first.total == 3);
  CHECK(first.has_more);
}

TEST_CASE("pages of events neither repeat nor leave out, whatever is added between them") {
  Site site;
  std::set<std::uint64_t> expected;
  for (int i = 0; i < 23; ++i) expected.insert(site.add(event("old")));
  std::set<std::uint64_t> seen;
  EventFilter filter;
  filter.limit = 5;
  for (bool more = true; more;) {
    const EventPage page = site.list(filter);
    for (const StoredEvent& found : page.events) CHECK(seen.insert(found.id).second);
    more = page.has_more;
    filter.before = page.events.back().id;
    site.add(event("new"));
  }
  CHECK(seen == expected);
}

TEST_CASE("ids of events survive a restart, and are not given again after a removal") {
  Site site;
  CHECK(site.add(event("one")) == 1);
  site.open();
  CHECK(site.add(event("two")) == 2);
  site.clock.advance(25h);  // all are too old
  CHECK(site.list().events.empty());
  CHECK_FALSE(sync_wait(site.events->range()).value());
  site.open();
  CHECK(site.add(event("three")) == 3);
}

TEST_CASE("the number and the age of events are bounded; the oldest are removed") {
  Site site(20);
  for (int i = 0; i < 130; ++i) site.add(event("many"));
  const auto range = sync_wait(site.events->range()).value().value();
  CHECK(range.second == 130);
  CHECK(range.second - range.first + 1 <= 84);  // removed 64 at a time
  CHECK(range.second - range.first + 1 >= 20);
  site.clock.advance(23h);
  site.add(event("young"));
  site.clock.advance(2h);
  CHECK(types_of(site.list()) == std::vector<std::string>{"young"});
}

TEST_CASE("listeners get each event after it is on disk, in order, until they leave") {
  Site site;
  std::vector<std::uint64_t> heard;
  auto subscription = site.events->listen(
      [&](const std::shared_ptr<const StoredEvent>& found) { heard.push_back(found->id); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) site.add(event("live"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::uint64_t> expected;
  for (std::uint64_t id = 1; id <= 40; ++id) expected.push_back(id);
  CHECK(heard == expected);
  subscription.reset();
  site.add(event("after"));
  CHECK(heard == expected);
}

TEST_CASE("text that is no UTF-8, or too long, is stored so that it can be read") {
  Site site;
  NewEvent odd = event("\xFFtype", Severity::info, std::string(10'000, 'm'));
  odd.payload = {{"text", "\xC3"}};
  odd.summary = std::string("a\0b", 3) + std::string(2'000, 'x');
  site.add(odd);
  const StoredEvent found = site.list().events.at(0);
  CHECK(found.content.type == "\xEF\xBF\xBDtype");
  CHECK(found.content.module.size() == 128);
  CHECK(found.content.summary.size() == 1'024);
  CHECK(found.content.summary.substr(0, 3) == std::string("a\0b", 3));
  CHECK_NOTHROW(backend::to_json(found).dump());
}

TEST_CASE("listing visits as many rows as it returns, however many events there are") {
  Site site;
  CHECK(sync_wait(site.database->write([&](Connection& connection) {
    connection.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)"
        " INSERT INTO events (at, severity, type, module, summary, correlation_id,"
        " payload) SELECT ?1 + i, i % 4, 't', 'm' || (i % 10), '', '', '{}' FROM n",
        site.clock.wall_now().time_since_epoch().count());
  })));
  Steps steps(*site.database);
  EventFilter filter;
  filter.limit = 50;
  CHECK(site.list(filter).total == 100'000);
  CHECK(steps.take() < 5'000);
  filter.before = 50'000;
  CHECK(site.list(filter).has_more);
  CHECK(steps.take() < 5'000);
  filter.severity = Severity::error;
  filter.module = "m1";
  CHECK(site.list(filter).total == 10'000 / 2);
  CHECK(steps.take() < 60'000);  // its 5,000 rows are counted in the index
  filter.severity = std::nullopt;
  filter.module = "";
  filter.since = site.clock.wall_now() + 99'900ms;
  filter.before = 0;
  CHECK(site.list(filter).total == 101);
  CHECK(steps.take() < 8'000);
}

TEST_CASE("the audit is paged, found by id, and bounded") {
  Site site;
  for (int i = 0; i < 210; ++i) {
    AuditEntry entry;
    entry.principal = "anna";
    entry.address = "127.0.0.1";
    entry.action = "service.restart";
    entry.object = "switch";
    entry.outcome = "done";
    entry.correlation_id = "c-" + std::to_string(i + 1);
    entry.detail = {{"number", i + 1}};
    REQUIRE(sync_wait(site.audit->add(std::move(entry))));
  }
  const auto page = sync_wait(site.audit->list(0, 10, {})).value();
  CHECK(page.entries.size() == 10);
  CHECK(page.entries.front().id == 210);
  CHECK(page.has_more);
  CHECK(page.total <= 164);
  CHECK(page.total >= 100);
  const auto next = sync_wait(site.audit->list(page.entries.back().id, 10, {})).value();
  CHECK(next.entries.front().id == 200);
  const auto found = sync_wait(site.audit->find(205)).value();
  REQUIRE(found);
  const json expected = {{"audit_id", "205"},
                         {"id", 205},
                         {"ts", "2025-12-28T12:34:56.789Z"},
                         {"principal", "anna"},
                         {"address", "127.0.0.1"},
                         {"action", "service.restart"},
                         {"object", "switch"},
                         {"outcome", "done"},
                         {"correlation_id", "c-205"},
                         {"detail", {{"number", 205}}}};
  CHECK(backend::to_json(*found) == expected);
  CHECK_FALSE(sync_wait(site.audit->find(1)).value());  // removed
}

TEST_CASE("sessions are listed by use, with the title of the first question") {
  Site site;
  site.say(turn("one", "  What runs?\nAnd why?", "All of it"));
  site.clock.advance(1s);
  site.say(turn("two", "Second", "Yes", "bob"));
  site.clock.advance(1s);
  site.say(turn("one", "More?", "No"));
  const auto all = site.sessions();
  REQUIRE(all.sessions.size() == 2);
  CHECK(all.sessions[0].session_id == "one");
  CHECK(all.sessions[0].title == "What runs?");
  CHECK(all.sessions[0].turns == 2);
  CHECK(all.sessions[0].updated - all.sessions[0].created == 2s);
  backend::ChatSessionFilter own;
  own.principal = "bob";
  CHECK(site.sessions(own).total == 1);
  CHECK(site.sessions(own).sessions[0].session_id == "two");
}

TEST_CASE("a session's transcript belongs to its user; who may read all sees every one") {
  Site site;
  Turn said = turn("shared", "Question of anna", "Answer");
  said.metadata = {{"source", "switch"}};
  site.say(said);
  site.clock.advance(1s);
  site.say(turn("shared", "Question of bob", "Answer", "bob"));
  const auto find = [&](std::string principal, bool is_any) {
    return sync_wait(site.chats->find("shared", std::move(principal), is_any)).value();
  };
  const auto of_anna = find("anna", false);
  REQUIRE(of_anna);
  REQUIRE(of_anna->turns.size() == 1);
  CHECK(of_anna->turns[0].question == "Question of anna");
  CHECK(of_anna->turns[0].metadata == json{{"source", "switch"}});
  CHECK_FALSE(find("carl", false));
  CHECK(find("carl", true)->session.principal == "bob");  // the latest one
  CHECK(find("anna", true)->session.principal == "anna");
}

TEST_CASE("sessions are found by words of questions and answers") {
  Site site;
  site.say(turn("one", "Is the switch asleep?", "It sleeps since noon"));
  site.say(turn("two", "Restart hermes", "Done"));
  const auto found = [&](std::string words) {
    backend::ChatSessionFilter filter;
    filter.words = std::move(words);
    std::vector<std::string> ids;
    for (const auto& session : site.sessions(filter).sessions) ids.push_back(session.session_id);
    return ids;
  };
  CHECK(found("HERMES") == std::vector<std::string>{"two"});
  CHECK(found("swi noon") == std::vector<std::string>{"one"});
  CHECK(found("hermes noon").empty());
  CHECK(found("").size() == 2);
  CHECK(found("\" OR 1").empty());
  for (const char* hostile : {"\"", "*", "NEAR(", "question:x", "-", "^a", "((((", "a\"b", "'"}) {
    CHECK_NOTHROW(found(hostile));
  }
}

TEST_CASE("pages of sessions neither repeat nor leave out; a hostile cursor is refused") {
  Site site;
  for (int i = 0; i < 12; ++i) {  // some at the same time
    site.say(turn("s" + std::to_string(i), "q", "a", "user" + std::to_string(i)));
    if (i % 3 == 0) site.clock.advance(1s);
  }
  std::set<std::string> seen;
  backend::ChatSessionFilter filter;
  filter.limit = 5;
  do {
    const auto page = site.sessions(filter);
    for (const auto& session : page.sessions) CHECK(seen.insert(session.session_id).second);
    filter.cursor = page.next;
  } while (!filter.cursor.empty());
  CHECK(seen.size() == 12);
  for (const char* hostile :
       {"x", ".", "1", "1.", "1.x", "1.2.3", "99999999999999999999.1", " 1.2"}) {
    CHECK_FALSE(backend::position_of(hostile));
  }
}

TEST_CASE("turns and sessions are bounded; the oldest are removed, with their words") {
  Site site;
  for (int i = 0; i < 5; ++i) site.say(turn("one", "word" + std::to_string(i), "a"));
  const auto kept = sync_wait(site.chats->find("one", "anna", false)).value();
  REQUIRE(kept);
  CHECK(kept->turns.size() == 3);
  CHECK(kept->turns.front().question == "word2");
  CHECK(kept->session.turns == 3);
  backend::ChatSessionFilter filter;
  filter.words = "word0";
  CHECK(site.sessions(filter).sessions.empty());
  for (int i = 0; i < 6; ++i) {
    site.clock.advance(1s);
    site.say(turn("more" + std::to_string(i), "q", "a"));
  }
  CHECK(site.sessions().total == 5);
  CHECK_FALSE(sync_wait(site.chats->find("one", "anna", false)).value());
}

TEST_CASE("a deleted session leaves nothing in the file and its log") {
  Site site;
  site.say(turn("other", "ordinary", "text"));
  site.say(turn("secret", "xylophonequestion", "zebraanswer"));
  CHECK_FALSE(sync_wait(site.chats->erase("secret", "bob")).value());
  CHECK(sync_wait(site.chats->erase("secret", "anna")).value());
  CHECK_FALSE(sync_wait(site.chats->erase("secret", "anna")).value());
  CHECK(site.sessions().total == 1);
  const std::string bytes = site.bytes();
  CHECK(bytes.find("ordinary") != std::string::npos);
  CHECK(bytes.find("xylophone") == std::string::npos);
  CHECK(bytes.find("zebra") == std::string::npos);
}

TEST_CASE("deletions that come together clean the index of words once or twice") {
  Site site;
  constexpr int kSessions = 5;
  for (int i = 0; i < kSessions; ++i) {
    site.say(turn("s" + std::to_string(i), "xylophonequestion", "zebraanswer"));
  }
  int cleanings = 0;
  CHECK(sync_wait(site.database->write([&cleanings](Connection& connection) {
    const auto count = [](unsigned, void* counter, void* statement, void*) {
      char* const sql = sqlite3_expanded_sql(static_cast<sqlite3_stmt*>(statement));
      if (std::string(sql).find("'merge', -") != std::string::npos) ++*static_cast<int*>(counter);
      sqlite3_free(sql);
      return 0;
    };
    sqlite3_trace_v2(connection.sqlite().getHandle(), SQLITE_TRACE_STMT, count, &cleanings);
  })));
  std::promise<void> begun;
  std::promise<void> released;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    CHECK(sync_wait(site.database->write([&](Connection&) {
      begun.set_value();
      released.get_future().wait();
    })));
  });
  begun.get_future().wait();
  for (int i = 0; i < kSessions; ++i) {
    threads.emplace_back([&site, i] {
      CHECK(sync_wait(site.chats->erase("s" + std::to_string(i), "anna")).value());
    });
  }
  while (site.database->waiting() < kSessions) std::this_thread::yield();
  released.set_value();
  for (std::thread& thread : threads) thread.join();
  CHECK(cleanings >= 1);
  CHECK(cleanings <= 2);
  CHECK(site.sessions().total == 0);
  CHECK(site.bytes().find("xylophone") == std::string::npos);
}

TEST_CASE("settings belong to their user; a change leaves the others as they are") {
  Site site;
  const backend::SettingsStore settings(site.database, site.clock);
  CHECK(sync_wait(settings.get("anna")).value() == json::object());
  const json dark = {{"theme", "dark"}};
  const json compact = {{"density", "compact"}};
  CHECK(sync_wait(settings.change("anna", dark)).value() == dark);
  const json both = {{"theme", "dark"}, {"density", "compact"}};
  CHECK(sync_wait(settings.change("anna", compact)).value() == both);
  CHECK(sync_wait(settings.get("anna")).value() == both);
  CHECK(sync_wait(settings.get("bob")).value() == json::object());
}
