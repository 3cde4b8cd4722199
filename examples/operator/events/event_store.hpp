#pragma once

/// \file
/// The events of the system: kept in the database, bounded by number and age, and delivered live.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace backend {

enum class Severity : std::uint8_t { critical, error, warn, info };
std::string_view to_string(Severity severity) noexcept;
/// None for any other word.
std::optional<Severity> parse_severity(std::string_view text) noexcept;

/// Something that has happened, to be stored.
struct NewEvent {
  std::string type = {};  ///< "power.window_opened", "breaker.opened", "chat.fallback", "login".
  Severity severity = Severity::info;
  std::string module = {};  ///< The component it concerns, such as "switch".
  std::string summary = {};
  std::string correlation_id = {};
  nlohmann::json payload = nlohmann::json::object();
};

/// A stored event. `id` counts up without gaps being meaningful: it is the id of event streams.
struct StoredEvent {
  std::uint64_t id = 0;
  vx11::WallTime at = {};
  NewEvent content = {};
};

/// The JSON of an event, as `GET /operator/api/events` lists it.
nlohmann::json to_json(const StoredEvent& event);

/// Which events are asked for.
struct EventFilter {
  std::optional<Severity> severity = std::nullopt;
  std::string module = {};
  std::optional<vx11::WallTime> since = std::nullopt;
  std::uint64_t before = 0;  ///< Only with smaller ids; 0: from the newest on.
  std::size_t limit = 50;
};

struct EventPage {
  std::vector<StoredEvent> events = {};  ///< The newest first.
  std::uint64_t total = 0;               ///< Of the filter, without `before`.
  bool has_more = false;
};

/// The smallest and the largest id that are kept.
struct EventRange {
  std::uint64_t oldest = 1;
  std::uint64_t newest = 0;

  /// Of a client that has the events up to `position`: the last event that it is not sent. That is
  /// another one if it would get more than `backlog` events, if events after its last one were
  /// removed, or if its last one is of a database that was replaced.
  std::uint64_t resume_after(std::uint64_t position, std::size_t backlog) const noexcept;
};

/// Called for each event after it is on disk, in the order of ids, on any thread; must not block.
using EventListener = std::function<void(const std::shared_ptr<const StoredEvent>&)>;

/// **Thread-safe**; outlives its tasks.
class EventStore {
 public:
  EventStore() = default;
  EventStore(const EventStore&) = delete;
  EventStore& operator=(const EventStore&) = delete;
  virtual ~EventStore() = default;

  /// Completes once the event is on disk. \return its id, or `storage`
  virtual vx11::Task<vx11::Result<std::uint64_t>> add(NewEvent event) = 0;
  virtual vx11::Task<vx11::Result<EventPage>> list(EventFilter filter) = 0;
  /// The events with larger ids than `id`, the oldest first, at most `limit`. For resumption.
  virtual vx11::Task<vx11::Result<std::vector<StoredEvent>>> after(std::uint64_t id,
                                                                   std::size_t limit) = 0;
  /// \return none: the store is empty
  virtual vx11::Task<vx11::Result<std::optional<EventRange>>> range() = 0;
  /// How many events are kept from now on, and for how long, in stores that are bounded.
  virtual void bound(std::size_t /*max_events*/, std::chrono::seconds /*max_age*/) {}
  /// \return keeps the subscription until it is destroyed
  [[nodiscard]] virtual std::shared_ptr<void> listen(EventListener listener) = 0;
};

}  // namespace backend
