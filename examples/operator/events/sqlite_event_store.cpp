#include "operator/events/sqlite_event_store.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "operator/api/bounded_json.hpp"
#include "operator/store/stored_text.hpp"

namespace backend {

namespace {

using vx11::Result;
using vx11::Task;

constexpr std::size_t kMaxSummary = 1'024;
constexpr std::size_t kMaxWord = 128;
/// Old events are removed with every 64th new one, and at the latest when events are read a minute
/// after the last removal.
constexpr std::uint64_t kAddedBetweenTrims = 64;
constexpr auto kBetweenTrims = std::chrono::minutes(1);

constexpr const char* kColumns =
    "SELECT id, at, severity, type, module, summary, correlation_id, payload FROM events";

StoredEvent event_of(SQLite::Statement& row) {
  StoredEvent event;
  event.id = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
  event.at = time_of(row.getColumn(1).getInt64());
  event.content.severity = static_cast<Severity>(row.getColumn(2).getInt());
  event.content.type = row.getColumn(3).getString();
  event.content.module = row.getColumn(4).getString();
  event.content.summary = row.getColumn(5).getString();
  event.content.correlation_id = row.getColumn(6).getString();
  event.content.payload = object_of(row.getColumn(7).getString());
  return event;
}

/// Conditions of a statement and their values. There are few combinations, so each is compiled
/// once.
class Conditions {
 public:
  void add(const char* condition, SqlValue value) {
    text_ += text_.empty() ? " WHERE " : " AND ";
    values_.push_back(std::move(value));
    text_ += condition;
    text_ += "?" + std::to_string(values_.size());
  }
  bool empty() const noexcept { return values_.empty(); }
  const std::string& text() const noexcept { return text_; }
  const std::vector<SqlValue>& values() const noexcept { return values_; }

 private:
  std::string text_;
  std::vector<SqlValue> values_;
};

/// `since` becomes a bound of ids too, so that rows from before it are not visited.
Conditions conditions_of(Connection& connection, const EventFilter& filter) {
  Conditions conditions;
  if (!filter.module.empty()) conditions.add("module = ", filter.module);
  if (filter.severity) {
    conditions.add("severity = ", static_cast<std::int64_t>(*filter.severity));
  }
  if (filter.since) {
    const std::int64_t since = to_stored(*filter.since);
    const auto first = connection.integer(
        "SELECT min(id) FROM events INDEXED BY events_by_time WHERE at >= ?1", since);
    conditions.add("id >= ", first.value_or(std::numeric_limits<std::int64_t>::max()));
    conditions.add("at >= ", since);
  }
  return conditions;
}

/// Ids have no gaps: those of a change that is rolled back are given again, and only the oldest
/// events are removed. So all events need not be counted.
std::uint64_t count(Connection& connection, const Conditions& conditions) {
  const auto counted =
      conditions.empty() ? connection.integer(
                               "SELECT (SELECT max(id) FROM events) - (SELECT min(id) FROM events)"
                               " + 1")
                         : connection.integer("SELECT count(*) FROM events" + conditions.text(),
                                              conditions.values());
  return static_cast<std::uint64_t>(counted.value_or(0));
}

EventPage page_of(Connection& connection, const EventFilter& filter) {
  Conditions conditions = conditions_of(connection, filter);
  EventPage page;
  page.total = count(connection, conditions);
  if (filter.before != 0) conditions.add("id < ", static_cast<std::int64_t>(filter.before));
  std::vector<SqlValue> values = conditions.values();
  values.emplace_back(as_limit(filter.limit) + 1);
  const auto take = [&](SQLite::Statement& row) {
    page.has_more = page.events.size() == filter.limit;
    if (!page.has_more) page.events.push_back(event_of(row));
  };
  const std::string order = " ORDER BY id DESC LIMIT ?" + std::to_string(values.size());
  connection.each(kColumns + conditions.text() + order, take, values);
  return page;
}

/// Who is informed of new events.
class Listeners {
 public:
  std::shared_ptr<void> add(const std::shared_ptr<Listeners>& self, EventListener listener) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = next_++;
    all_.emplace(number, std::make_shared<const EventListener>(std::move(listener)));
    return std::shared_ptr<void>(nullptr, [self, number](void*) { self->remove(number); });
  }
  void call(const std::shared_ptr<const StoredEvent>& event) const {
    for (const auto& listener : snapshot()) (*listener)(event);
  }

 private:
  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    all_.erase(number);
  }
  std::vector<std::shared_ptr<const EventListener>> snapshot() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const EventListener>> listeners;
    listeners.reserve(all_.size());
    for (const auto& [number, listener] : all_) listeners.push_back(listener);
    return listeners;
  }

  mutable std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::shared_ptr<const EventListener>> all_;
};

class SqliteEventStore final : public EventStore {
 public:
  SqliteEventStore(std::shared_ptr<Database> database, EventStoreOptions options)
      : database_(std::move(database)),
        options_(options),
        max_events_(options.max_events),
        max_age_(options.max_age),
        trimmed_at_(options.clock.now().time_since_epoch().count()) {}

  Task<Result<std::uint64_t>> add(NewEvent event) override {
    StoredEvent stored;
    stored.content = bounded(std::move(event));
    const auto shared = std::make_shared<StoredEvent>(std::move(stored));
    const auto change = [this, shared](Connection& connection) {
      return insert(connection, *shared);
    };
    const auto committed = [listeners = listeners_, shared](const Result<std::uint64_t>&) {
      listeners->call(shared);
    };
    auto adding = database_->write(change, committed);
    co_return co_await std::move(adding);
  }

  Task<Result<EventPage>> list(EventFilter filter) override {
    if (is_trim_due()) {
      auto trimming = database_->write([this](Connection& connection) { trim(connection); });
      co_await std::move(trimming);  // if it fails it is tried again
    }
    auto listing = database_->read([filter = std::move(filter)](Connection& connection) {
      return page_of(connection, filter);
    });
    co_return co_await std::move(listing);
  }

  Task<Result<std::vector<StoredEvent>>> after(std::uint64_t id, std::size_t limit) override {
    auto reading = database_->read([id, limit](Connection& connection) {
      std::vector<StoredEvent> events;
      const auto take = [&](SQLite::Statement& row) { events.push_back(event_of(row)); };
      connection.each(std::string(kColumns) + " WHERE id > ?1 ORDER BY id LIMIT ?2", take,
                      static_cast<std::int64_t>(id), as_limit(limit));
      return events;
    });
    co_return co_await std::move(reading);
  }

  Task<Result<std::optional<EventRange>>> range() override {
    auto reading = database_->read([](Connection& connection) -> std::optional<EventRange> {
      const auto oldest = connection.integer("SELECT min(id) FROM events");
      if (!oldest) return std::nullopt;
      const auto newest = connection.integer("SELECT max(id) FROM events");
      return EventRange{static_cast<std::uint64_t>(*oldest), static_cast<std::uint64_t>(*newest)};
    });
    co_return co_await std::move(reading);
  }

  void bound(std::size_t max_events, std::chrono::seconds max_age) override {
    max_events_.store(max_events, std::memory_order_relaxed);
    max_age_.store(max_age, std::memory_order_relaxed);
  }

  std::shared_ptr<void> listen(EventListener listener) override {
    return listeners_->add(listeners_, std::move(listener));
  }

 private:
  static NewEvent bounded(NewEvent event) {
    event.type = bounded_text(event.type, kMaxWord);
    event.module = bounded_text(event.module, kMaxWord);
    event.summary = bounded_text(event.summary, kMaxSummary);
    event.correlation_id = bounded_text(event.correlation_id, kMaxWord);
    if (!event.payload.is_object()) event.payload = nlohmann::json::object();
    return event;
  }

  std::uint64_t insert(Connection& connection, StoredEvent& event) {
    const NewEvent& content = event.content;
    event.at = options_.wall_clock.now();
    connection.run(
        "INSERT INTO events (at, severity, type, module, summary, correlation_id, payload)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        to_stored(event.at), static_cast<int>(content.severity), content.type, content.module,
        content.summary, content.correlation_id, to_stored(content.payload));
    event.id = static_cast<std::uint64_t>(connection.last_id());
    if (event.id % kAddedBetweenTrims == 0) trim(connection);
    return event.id;
  }

  bool is_trim_due() const noexcept {
    const vx11::Duration since = options_.clock.now().time_since_epoch() -
                                 vx11::Duration(trimmed_at_.load(std::memory_order_relaxed));
    return since >= kBetweenTrims;
  }
  void trim(Connection& connection) {
    trim_table(connection, "events", max_events_.load(std::memory_order_relaxed),
               options_.wall_clock.now() - max_age_.load(std::memory_order_relaxed));
    trimmed_at_.store(options_.clock.now().time_since_epoch().count(), std::memory_order_relaxed);
  }

  const std::shared_ptr<Database> database_;
  const EventStoreOptions options_;
  std::atomic<std::size_t> max_events_;
  std::atomic<std::chrono::seconds> max_age_;
  std::atomic<vx11::Duration::rep> trimmed_at_;  ///< By `clock`.
  const std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

}  // namespace

std::shared_ptr<EventStore> make_sqlite_event_store(std::shared_ptr<Database> database,
                                                    EventStoreOptions options) {
  return std::make_shared<SqliteEventStore>(std::move(database), options);
}

}  // namespace backend
