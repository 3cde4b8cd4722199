// What the database keeps: events, audit, sessions, settings.

#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <fstream>
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
    audit = backend::make_sqlite_audit_store(database, {.max_entries = 1'000, .wall_clock = clock});
    chats = backend::make_sqlite_transcript_store(
        database, {.sessions_per_principal = 5, .turns_per_session = 3}, clock);
  }
  std::uint64_t add(NewEvent added) { return sync_wait(events->add(std::move(added))).value(); }
  EventPage list(EventFilter filter = {}) { return sync_wait(events->list(filter)).value(); }
  void say(Turn said) { REQUIRE(sync_wait(chats->add(std::move(said)))); }
  backend::ChatSessionPage sessions(backend::ChatSessionFilter filter = {}) {
    return sync_wait(chats->list(std::move(filter))).value();
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
  Site site(100);
  for (int i = 0; i < 300; ++i) site.add(event("many"));
  const auto range = sync_wait(site.events->range()).value().value();
  CHECK(range.second == 300);
  CHECK(range.second - range.first + 1 <= 164);  // removed 64 at a time
  CHECK(range.second - range.first + 1 >= 100);
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
  std::string bytes;
  for (const char* name : {"operator.db", "operator.db-wal"}) {
    std::ifstream file(site.folder / name, std::ios::binary);
    bytes += std::string(std::istreambuf_iterator<char>(file), {});
  }
  CHECK(bytes.find("ordinary") != std::string::npos);
  CHECK(bytes.find("xylophone") == std::string::npos);
  CHECK(bytes.find("zebra") == std::string::npos);
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
