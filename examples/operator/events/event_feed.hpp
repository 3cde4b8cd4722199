#pragma once

/// \file
/// Open event streams: each is a position in the store, and sleeps until there is more.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/streaming.hpp>
#include <vx11/timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "operator/api/places.hpp"
#include "operator/events/event_store.hpp"

namespace backend {
class EventStream;
}
namespace vx11 {
inline namespace v0 {
class Notifier;
}
}  // namespace vx11

namespace backend {

struct EventFeedOptions {
  /// `vx11::make_net_timer()`, so that a stream resumes on its connection's event loop.
  std::shared_ptr<vx11::Timer> timer = {};
  vx11::SteadyClock clock = {};
  /// Between two messages at most: a comment then shows that the stream is alive. Below the silence
  /// limits of usual proxies.
  vx11::Duration heartbeat = std::chrono::seconds(15);
  /// A stream ends after it, and its client connects again, where it was: so a credential that was
  /// revoked at the gateway is of no use for longer. Logging out ends it at once.
  vx11::Duration max_open = std::chrono::minutes(5);
  /// Half of them for one principal, so that others find room; one token may be that of many
  /// people.
  PlaceLimits streams = {.all = 4'096, .per_principal = 2'048};
  /// Events that a client is sent which has missed them; older ones are a `gap`.
  std::size_t backlog = 1'000;
  /// Events that are kept as text, for all streams; a client that is further behind is served from
  /// the store.
  std::size_t recent = 256;
};

/// What a stream delivers.
struct EventStreamStart {
  /// The last event that the client has; none: it begins with what happens from now on.
  std::optional<std::uint64_t> after = std::nullopt;
  std::optional<Severity> severity = std::nullopt;
  std::string module = {};
  std::optional<vx11::WallTime> since = std::nullopt;
  /// Whose end ends the stream, as `Caller::login`; empty: it belongs to none.
  std::string login = {};
};

/// Passes events on to open streams: no thread, no queue and no polling for each. A slow client
/// only falls behind, and is served from the store, or by a `gap` if it is too far behind.
///
/// **Thread-safe**; held by `shared_ptr`s.
class EventFeed {
 public:
  static std::shared_ptr<EventFeed> make(std::shared_ptr<EventStore> store,
                                         EventFeedOptions options);
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;
  ~EventFeed();

  /// A body of type `text/event-stream`, which outlives the feed's other users.
  /// \param place of `places`; given back with the stream
  /// \return `storage`
  static vx11::Task<vx11::Result<std::unique_ptr<vx11::BodyStream>>> open(
      std::shared_ptr<EventFeed> feed, EventStreamStart start, Places::Place place);
  /// Ends all streams, and those that are opened later at once: the program is about to stop.
  void end() noexcept;
  /// Ends the streams of a login that has ended.
  void end_login(const std::string& login) noexcept;
  /// Of streams that are open or about to be.
  const std::shared_ptr<Places>& places() const noexcept { return places_; }

 private:
  friend class EventStream;
  using Text = std::shared_ptr<const std::string>;
  struct Recent {
    std::shared_ptr<const StoredEvent> event;
    Text text;
  };
  /// What `take` found for a stream.
  enum class Found : std::uint8_t { events, nothing, store, end };

  EventFeed(std::shared_ptr<EventStore> store, EventFeedOptions options);
  void add(const std::shared_ptr<const StoredEvent>& event);
  void wake_all() noexcept;
  /// The store has events up to `id`. \return the largest id that is known
  std::uint64_t note_stored(std::uint64_t id) noexcept;
  /// Takes what follows the stream's position into `message`, or registers it to be woken.
  Found take(EventStream& stream, std::string& message);
  void enter(EventStream& stream);
  void leave(EventStream& stream) noexcept;

  const std::shared_ptr<EventStore> store_;
  const EventFeedOptions options_;
  const std::shared_ptr<Places> places_;
  std::mutex mutex_;
  bool ended_ = false;
  std::uint64_t newest_ = 0;  ///< The largest id that is known.
  std::deque<Recent> recent_ = {};
  std::unordered_map<const vx11::Notifier*, std::shared_ptr<vx11::Notifier>> sleepers_ = {};
  std::unordered_multimap<std::string, EventStream*> of_logins_ = {};
  std::shared_ptr<void> subscription_ = {};
};

}  // namespace backend
