// Event streams: live delivery, resumption, gaps, heartbeats and ends.

#include <vx11/net/timer.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "database.hpp"
#include "event_feed.hpp"
#include "scratch_folder.hpp"
#include "sqlite_event_store.hpp"

namespace {

using namespace std::chrono_literals;
using backend::Connection;
using backend::Database;
using backend::EventFeed;
using backend::EventFeedOptions;
using backend::EventStreamStart;
using backend::NewEvent;
using nlohmann::json;
using vx11::Deadline;
using vx11::Result;
using vx11::sync_wait;
using vx11::Task;

/// Starts a task and runs it detached to its end.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// A client of a stream, which reads piece by piece.
class Reader {
 public:
  explicit Reader(std::unique_ptr<vx11::BodyStream> body) : body_(std::move(body)) {}

  /// The next piece, which is there or comes without waiting.
  std::string next() {
    auto piece = sync_wait(body_->next(Deadline()));
    REQUIRE(piece);
    return *piece;
  }
  /// Begins to wait for a piece: `piece` gets it.
  void wait(std::stop_token gone = {}) {
    piece.reset();
    start(*body_, Deadline(vx11::TimePoint::max(), std::move(gone)), piece);
  }
  void leave() { body_.reset(); }

  std::optional<Result<std::string>> piece = {};

 private:
  static Detached start(vx11::BodyStream& body, Deadline deadline,
                        std::optional<Result<std::string>>& into) {
    auto reading = body.next(std::move(deadline));
    into.emplace(co_await std::move(reading));
  }

  std::unique_ptr<vx11::BodyStream> body_;
};

struct Message {
  std::string id = {};
  json data = {};
};

std::vector<Message> messages_of(const std::string& text) {
  std::vector<Message> messages(1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end == std::string::npos ? text.size() : end + 1;
    if (line.empty()) messages.emplace_back();
    if (line.starts_with("id: ")) messages.back().id = line.substr(4);
    if (line.starts_with("data: ")) messages.back().data = json::parse(line.substr(6));
  }
  std::erase_if(messages, [](const Message& message) { return message.data.is_null(); });
  return messages;
}

std::vector<std::uint64_t> ids_of(const std::string& text) {
  std::vector<std::uint64_t> ids;
  for (const Message& message : messages_of(text)) {
    for (const json& event : message.data.at("events")) ids.push_back(event.at("id"));
  }
  return ids;
}
using Ids = std::vector<std::uint64_t>;

struct Site {
  Site() { open(); }
  void open(EventFeedOptions options = {}) {
    feed.reset();
    events.reset();
    database.reset();
    database = Database::open({.path = folder / "operator.db"}).value();
    events = backend::make_sqlite_event_store(
        database, {.max_events = 100'000, .clock = clock, .wall_clock = clock});
    options.timer = timer;
    options.clock = clock;
    feed = EventFeed::make(events, options);
  }
  std::uint64_t add(backend::Severity severity = backend::Severity::info) {
    NewEvent event;
    event.type = "test";
    event.module = "switch";
    event.severity = severity;
    return sync_wait(events->add(std::move(event))).value();
  }
  void add_many(int count) {
    for (int i = 0; i < count; ++i) add();
  }
  Reader stream(std::optional<std::uint64_t> after = std::nullopt) {
    EventStreamStart start;
    start.after = after;
    return stream_of(std::move(start));
  }
  Reader stream_of(EventStreamStart start) {
    auto opened = sync_wait(EventFeed::open(feed, std::move(start)));
    REQUIRE(opened);
    return Reader(*std::move(opened));
  }

  ScratchFolder folder;
  vx11::testing::ManualClock clock;
  std::shared_ptr<vx11::testing::ManualTimer> timer =
      std::make_shared<vx11::testing::ManualTimer>(clock);
  std::shared_ptr<Database> database;
  std::shared_ptr<backend::EventStore> events;
  std::shared_ptr<EventFeed> feed;
};

}  // namespace

TEST_CASE("a stream begins at once, and delivers what happens from then on, with ids") {
  Site site;
  site.add_many(3);
  Reader reader = site.stream();
  CHECK(reader.next() == "retry: 3000\n\n");
  reader.wait();
  CHECK_FALSE(reader.piece);
  CHECK(site.timer->sleepers() == 1);
  site.add();
  REQUIRE(reader.piece);
  const auto messages = messages_of(reader.piece->value());
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].id == "4");
  CHECK(messages[0].data.at("type") == "events");
  CHECK(messages[0].data.at("events").at(0).at("event_type") == "test");
  CHECK(reader.piece->value().find("event:") == std::string::npos);  // unnamed
}

TEST_CASE("events that come together are one message, and a slow client loses none") {
  Site site;
  Reader reader = site.stream();
  reader.next();
  site.add_many(200);  // while the client does not read
  Ids ids;
  while (ids.size() < 200) {
    const std::string piece = reader.next();
    CHECK(messages_of(piece).size() == 1);
    for (const std::uint64_t id : ids_of(piece)) ids.push_back(id);
  }
  Ids expected;
  for (std::uint64_t id = 1; id <= 200; ++id) expected.push_back(id);
  CHECK(ids == expected);
}

TEST_CASE("a client that comes again gets what it missed, also after a restart") {
  Site site;
  site.add_many(5);
  site.open();
  Reader reader = site.stream(2);
  CHECK(reader.next() == "retry: 3000\n\n");
  CHECK(ids_of(reader.next()) == Ids{3, 4, 5});
  reader.wait();
  CHECK_FALSE(reader.piece);
  site.add();
  CHECK(ids_of(reader.piece->value()) == Ids{6});
  Reader current = site.stream(6);
  current.next();
  current.wait();
  CHECK_FALSE(current.piece);
  site.add();
  CHECK(ids_of(current.piece->value()) == Ids{7});
}

TEST_CASE("a client that missed more than is sent again gets a gap, and then the latest") {
  Site site;
  EventFeedOptions options;
  options.backlog = 10;
  options.recent = 4;
  site.open(options);
  site.add_many(30);
  Reader reader = site.stream(5);
  const auto first = messages_of(reader.next());
  REQUIRE(first.size() == 1);
  CHECK(first[0].data ==
        json{{"type", "gap"}, {"events", json::array()}, {"after", 5}, {"before", 21}});
  CHECK(first[0].id == "20");
  Ids ids;
  while (ids.size() < 10) {
    for (const std::uint64_t id : ids_of(reader.next())) ids.push_back(id);
  }
  CHECK(ids.front() == 21);
  CHECK(ids.back() == 30);
  site.add_many(30);  // and the same while it is open
  const auto later = messages_of(reader.next());
  REQUIRE(later.size() == 2);
  CHECK(later[0].data.at("type") == "gap");
  CHECK(later[0].data.at("after") == 30);
  CHECK(later[0].data.at("before") == 51);
  CHECK(later[1].data.at("events").at(0).at("id") == 51);
}

TEST_CASE("events that were removed are a gap, and so is a database that was replaced") {
  Site site;
  site.add_many(10);
  CHECK(sync_wait(site.database->write(
      [](Connection& connection) { connection.run("DELETE FROM events WHERE id < 8"); })));
  Reader removed = site.stream(3);
  CHECK(messages_of(removed.next()).at(0).data.at("before") == 8);
  CHECK(ids_of(removed.next()) == Ids{8, 9, 10});
  Reader foreign = site.stream(5'000);
  CHECK(messages_of(foreign.next()).at(0).data.at("after") == 5'000);
  CHECK(ids_of(foreign.next()) == Ids{8, 9, 10});
  CHECK(sync_wait(
      site.database->write([](Connection& connection) { connection.run("DELETE FROM events"); })));
  Reader empty = site.stream(4);
  CHECK(messages_of(empty.next()).at(0).data.at("type") == "gap");
  empty.wait();
  CHECK_FALSE(empty.piece);
  site.add();
  CHECK(ids_of(empty.piece->value()) == Ids{11});
}

TEST_CASE("a filtered stream delivers what is wanted, and stays alive meanwhile") {
  Site site;
  EventStreamStart start;
  start.severity = backend::Severity::error;
  Reader reader = site.stream_of(start);
  reader.next();
  reader.wait();
  for (int i = 0; i < 3; ++i) {
    site.timer->advance(5s);
    CHECK(bool(reader.piece) == (i == 2));
    site.add();
  }
  CHECK(reader.piece->value() == ":\n");  // others' events do not put the heartbeat off
  reader.wait();
  CHECK_FALSE(reader.piece);
  const std::uint64_t id = site.add(backend::Severity::error);
  CHECK(ids_of(reader.piece->value()) == Ids{id});
}

TEST_CASE("a comment comes every 15 s while nothing happens") {
  Site site;
  Reader reader = site.stream();
  reader.next();
  for (int i = 0; i < 3; ++i) {
    reader.wait();
    site.timer->advance(14s);
    CHECK_FALSE(reader.piece);
    site.timer->advance(1s);
    REQUIRE(reader.piece);
    CHECK(reader.piece->value() == ":\n");
  }
}

TEST_CASE("a stream ends when its client leaves, with the program, and after its time") {
  Site site;
  Reader left = site.stream();
  left.next();
  std::stop_source gone;
  left.wait(gone.get_token());
  gone.request_stop();
  REQUIRE(left.piece);
  CHECK(left.piece->error().code == vx11::Errc::cancelled);
  CHECK(site.feed->open_streams() == 1);
  left.leave();
  CHECK(site.feed->open_streams() == 0);

  Reader old = site.stream();
  old.next();
  site.clock.advance(2h);
  CHECK(old.next().empty());

  Reader last = site.stream();
  last.next();
  last.wait();
  site.feed->end();
  REQUIRE(last.piece);
  CHECK(last.piece->value().empty());
  Reader late = site.stream();
  late.next();
  CHECK(late.next().empty());
}

TEST_CASE("as many streams are open as may be, and a further one is refused") {
  Site site;
  EventFeedOptions options;
  options.max_streams = 2;
  site.open(options);
  Reader one = site.stream();
  Reader two = site.stream();
  const auto refused = sync_wait(EventFeed::open(site.feed, {}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == vx11::Errc::rejected);
  one.leave();
  CHECK(sync_wait(EventFeed::open(site.feed, {})));
}

/// Is asked for the range of what is stored.
class SlowStore final : public backend::EventStore {
 public:
  Task<Result<std::uint64_t>> add(NewEvent) override { co_return 1; }
  Task<Result<backend::EventPage>> list(backend::EventFilter) override {
    co_return backend::EventPage();
  }
  Task<Result<std::vector<backend::StoredEvent>>> after(std::uint64_t, std::size_t) override {
    co_return std::vector<backend::StoredEvent>();
  }
  Task<Result<std::optional<std::pair<std::uint64_t, std::uint64_t>>>> range() override {
    if (const auto call = std::exchange(meanwhile, nullptr)) call();
    co_return std::nullopt;
  }
  std::shared_ptr<void> listen(backend::EventListener) override { return {}; }

  std::function<void()> meanwhile = {};
};

TEST_CASE("streams that are about to open count, and one principal does not take all") {
  EventFeedOptions options;
  options.max_streams = 4;
  options.max_streams_per_principal = 2;
  options.timer = vx11::make_net_timer();
  const auto store = std::make_shared<SlowStore>();
  const auto feed = EventFeed::make(store, options);
  const auto open = [&](const char* principal) {
    EventStreamStart start;
    start.principal = principal;
    return sync_wait(EventFeed::open(feed, std::move(start)));
  };
  auto one = open("anna");
  bool is_refused = false;
  store->meanwhile = [&] { is_refused = !open("anna"); };
  auto two = open("anna");
  CHECK(two);
  CHECK(is_refused);
  CHECK(open("ben"));
  one->reset();
  CHECK(open("anna"));
  CHECK(feed->open_streams() == 1);
}

TEST_CASE("a thousand streams each get every event, whichever thread stores it") {
  Site site;
  EventFeedOptions options;
  options.recent = 8;
  const auto timer = vx11::make_net_timer();
  options.timer = timer;
  const auto feed = EventFeed::make(site.events, options);
  std::vector<std::unique_ptr<vx11::BodyStream>> streams;
  for (int i = 0; i < 1'000; ++i) {
    streams.push_back(sync_wait(EventFeed::open(feed, {})).value());
    CHECK(sync_wait(streams.back()->next(Deadline())));
  }
  const auto all_of = [](std::vector<std::unique_ptr<vx11::BodyStream>>& open) {
    std::vector<Task<Result<std::string>>> reading;
    for (const auto& stream : open) reading.push_back(stream->next(Deadline()));
    return sync_wait(vx11::when_all(std::move(reading)));
  };
  for (std::uint64_t round = 1; round <= 3; ++round) {
    std::jthread other([&] { site.add(); });
    for (const auto& piece : all_of(streams)) CHECK(ids_of(piece.value()) == Ids{round});
  }
}
