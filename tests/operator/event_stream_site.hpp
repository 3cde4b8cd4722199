#pragma once

/// \file
/// Event streams over a database in a folder, and their clients, for tests.

#include <vx11/net/timer.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "operator/events/event_feed.hpp"
#include "operator/events/sqlite_event_store.hpp"
#include "operator/store/database.hpp"
#include "scratch_folder.hpp"

namespace event_stream_site {

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

inline std::vector<Message> messages_of(const std::string& text) {
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

inline std::vector<std::uint64_t> ids_of(const std::string& text) {
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
    auto opened =
        sync_wait(EventFeed::open(feed, std::move(start), feed->places()->take("").value()));
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

}  // namespace event_stream_site
