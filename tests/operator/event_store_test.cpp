// Events in the database.
#include <set>

#include <sqlite3.h>

#include "stores_site.hpp"

using namespace stores_site;

namespace {

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
  CHECK(range.newest == 130);
  CHECK(range.newest - range.oldest + 1 <= 84);  // removed 64 at a time
  CHECK(range.newest - range.oldest + 1 >= 20);
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
