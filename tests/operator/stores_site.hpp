#pragma once

/// \file
/// The stores of the backend on a database in a folder, for tests.

#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "operator/events/sqlite_event_store.hpp"
#include "operator/records/audit_store.hpp"
#include "operator/records/transcript_store.hpp"
#include "scratch_folder.hpp"

namespace stores_site {

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

inline NewEvent event(std::string type, Severity severity = Severity::info,
                      std::string module = "switch") {
  NewEvent added;
  added.type = std::move(type);
  added.severity = severity;
  added.module = std::move(module);
  return added;
}

inline std::vector<std::string> types_of(const EventPage& page) {
  std::vector<std::string> types;
  for (const StoredEvent& found : page.events) types.push_back(found.content.type);
  return types;
}

inline Turn turn(std::string session, std::string question, std::string answer,
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

}  // namespace stores_site
