#pragma once

/// \file
/// The open WebSockets of the bridge, and what is sent to many of them. Internal.

#include <vx11/clock.hpp>
#include <vx11/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "operator/api/places.hpp"
#include "operator/bridge/bridge_metrics.hpp"
#include "operator/chats/chats.hpp"
#include "operator/events/event_store.hpp"
#include "operator/events/status_feed.hpp"
#include "operator/parts/parts.hpp"

namespace backend {

class BridgeConnection;

/// The limits of one WebSocket.
struct BridgeLimits {
  /// Of a message from the client; above it the WebSocket is closed with 1009. As of a chat's body
  /// elsewhere.
  std::size_t message_bytes = std::size_t{64} * 1024;
  /// Of what waits for the client; above it the client is too slow: `lagging`, and 1008. A second
  /// of events, and 200 slow clients hold 50 MiB.
  std::size_t unsent_bytes = std::size_t{256} * 1024;
  /// Chats that are answered at once.
  std::size_t chats = 8;
  /// Messages that could not be understood, until the WebSocket is closed with 1008.
  std::size_t mistakes = 32;
  /// Events that a client is sent which has missed them; older ones are a `gap`.
  std::size_t backlog = 1000;
  /// Of a chat; longer than the gateway's own `chat.stream_deadline`.
  vx11::Duration chat_time = std::chrono::minutes(11);
};

/// What connections use.
struct BridgeContext {
  explicit BridgeContext(const Parts& shared) : parts(shared), chats(shared) {}

  Parts parts;
  Chats chats;
  BridgeLimits limits = {};
  vx11::SteadyClock clock = {};
  std::shared_ptr<vx11::Timer> timer = {};
  std::shared_ptr<BridgeMetrics> metrics = std::make_shared<BridgeMetrics>();
};

/// **Thread-safe**; shared with its connections.
class BridgeHub {
 public:
  using Connection = std::shared_ptr<BridgeConnection>;

  BridgeHub(BridgeContext context, PlaceLimits sockets)
      : context_(std::move(context)), places_(std::make_shared<Places>(sockets)) {}
  /// From now on `hub` passes on what happens.
  static void listen(const std::shared_ptr<BridgeHub>& hub);

  const BridgeContext& context() const noexcept { return context_; }
  void add(const Connection& connection);
  void remove(const BridgeConnection& connection);
  std::vector<Connection> connections() const;
  /// Of WebSockets that are open or about to be.
  const std::shared_ptr<Places>& places() const noexcept { return places_; }

  /// Calls `send`; no status is passed on meanwhile, so that none is overtaken by an older one.
  template <class Send>
  void before_next_status(const Send& send) {
    const std::lock_guard lock(shown_mutex_);
    send();
  }

  /// The id of the newest event that was passed on; 0: none was.
  std::uint64_t newest_event() const noexcept { return newest_event_.load(); }

 private:
  void pass_on(const StoredEvent& event);
  void pass_on(const StatusSnapshot& snapshot);
  /// \return whether each is another one than was shown before
  std::pair<bool, bool> show(const StatusSnapshot& snapshot);

  const BridgeContext context_;
  mutable std::mutex mutex_ = {};
  std::unordered_map<const BridgeConnection*, Connection> connections_ = {};
  std::atomic<std::uint64_t> newest_event_ = 0;
  const std::shared_ptr<Places> places_;
  std::shared_ptr<void> event_subscription_ = {};
  std::shared_ptr<void> status_subscription_ = {};
  std::mutex shown_mutex_ = {};
  /// What was shown last, without times and latencies. Guarded by `shown_mutex_`.
  nlohmann::json shown_status_ = {};
  nlohmann::json shown_power_ = {};
};

}  // namespace backend
