#pragma once

/// \file
/// What the backend knows of the system now, in memory, for pushing it to open sockets.

#include <vx11/clock.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/events/event_store.hpp"
#include "operator/events/latency_series.hpp"

namespace backend {

/// What one look at the gateway has shown. Immutable once published.
struct StatusSnapshot {
  vx11::WallTime at = {};
  bool gateway_answers = false;
  nlohmann::json status = nlohmann::json::object();    ///< As `GET status`.
  nlohmann::json power = nlohmann::json::object();     ///< As `GET chat/window/status`.
  nlohmann::json breakers = nlohmann::json::object();  ///< As `GET breakers`.
};

/// `value` without times, ages and latencies, which differ at every look.
nlohmann::json without_volatile(const nlohmann::json& value);

/// Called for a snapshot that differs from the one before, apart from times, ages and latencies; on
/// the watcher's thread; must not block.
using StatusListener = std::function<void(const std::shared_ptr<const StatusSnapshot>&)>;

/// The last snapshot and the last latencies. **Thread-safe.**
class StatusFeed {
 public:
  StatusFeed() = default;
  StatusFeed(const StatusFeed&) = delete;
  StatusFeed& operator=(const StatusFeed&) = delete;

  /// Null: the gateway has not been looked at.
  std::shared_ptr<const StatusSnapshot> latest() const;
  /// Stores the snapshot; informs the listeners if it shows a change.
  void publish(StatusSnapshot snapshot);
  /// \return keeps the subscription until it is destroyed; a call that is under way may still end
  [[nodiscard]] std::shared_ptr<void> listen(StatusListener listener);

  LatencySeries& latencies() noexcept { return latencies_; }

  class PowerCommand;
  /// Which commands there were, for `Watcher`: what it sees while one runs is left to the route.
  struct CommandMark {
    std::size_t running = 0;
    std::uint64_t ended = 0;
    friend bool operator==(const CommandMark&, const CommandMark&) = default;
  };

  /// A caller's power command is sent; it runs until the guard is destroyed.
  [[nodiscard]] PowerCommand begin_command();
  /// An event that a route has stored, so that the watcher does not store it again. While the
  /// guard of its command exists.
  void report(NewEvent event);
  CommandMark command_mark() const;
  std::vector<NewEvent> take_reported();

 private:
  /// Far more than commands between two looks; without a watcher the rest is dropped.
  static constexpr std::size_t kMaxReported = 256;

  struct Commands {
    std::mutex mutex = {};
    std::size_t running = 0;
    std::uint64_t ended = 0;
    std::vector<NewEvent> reported = {};
  };
  struct Listeners {
    std::mutex mutex = {};
    std::uint64_t next = 1;
    std::map<std::uint64_t, std::shared_ptr<const StatusListener>> all = {};
  };

  const std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  mutable std::mutex mutex_ = {};
  std::shared_ptr<const StatusSnapshot> latest_ = {};
  nlohmann::json essence_ = {};  ///< What of it counts as a change.
  LatencySeries latencies_ = {};
  const std::shared_ptr<Commands> commands_ = std::make_shared<Commands>();
};

/// A power command on its way. Move-only.
class StatusFeed::PowerCommand {
 public:
  explicit PowerCommand(std::shared_ptr<Commands> commands) : commands_(std::move(commands)) {
    const std::lock_guard lock(commands_->mutex);
    ++commands_->running;
  }
  PowerCommand(PowerCommand&&) noexcept = default;
  PowerCommand& operator=(PowerCommand&&) = delete;
  ~PowerCommand() {
    if (!commands_) return;
    const std::lock_guard lock(commands_->mutex);
    --commands_->running;
    ++commands_->ended;
  }

 private:
  std::shared_ptr<Commands> commands_;
};

}  // namespace backend
