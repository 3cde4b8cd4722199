#include "operator/bridge/bridge_hub.hpp"

#include <utility>

#include "operator/bridge/bridge_connection.hpp"
#include "operator/bridge/bridge_messages.hpp"
#include "operator/events/status_feed.hpp"

namespace backend {

void BridgeHub::listen(const std::shared_ptr<BridgeHub>& hub) {
  const std::weak_ptr<BridgeHub> weak = hub;
  hub->event_subscription_ =
      hub->context_.parts.events->listen([weak](const std::shared_ptr<const StoredEvent>& event) {
        if (const auto alive = weak.lock()) alive->pass_on(*event);
      });
  const auto& feed = hub->context_.parts.feed;
  if (feed == nullptr) return;
  if (const auto latest = feed->latest()) hub->show(*latest);
  hub->status_subscription_ =
      feed->listen([weak](const std::shared_ptr<const StatusSnapshot>& snapshot) {
        if (const auto alive = weak.lock()) alive->pass_on(*snapshot);
      });
}

void BridgeHub::add(const Connection& connection) {
  const std::lock_guard lock(mutex_);
  connections_.emplace(connection.get(), connection);
}

void BridgeHub::remove(const BridgeConnection& connection) {
  Connection last;  // is destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(&connection);
  if (found == connections_.end()) return;
  last = std::move(found->second);
  connections_.erase(found);
}

std::vector<BridgeHub::Connection> BridgeHub::connections() const {
  std::vector<Connection> all;
  const std::lock_guard lock(mutex_);
  all.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) all.push_back(connection);
  return all;
}

/// The number is known before any connection gets the event: one that is about to become live
/// compares it with what it has read from the store.
void BridgeHub::pass_on(const StoredEvent& event) {
  newest_event_.store(event.id);
  const auto all = connections();
  if (all.empty()) return;
  const std::string message = event_message(event);
  for (const Connection& connection : all) connection->deliver(event.id, message);
}

std::pair<bool, bool> BridgeHub::show(const StatusSnapshot& snapshot) {
  nlohmann::json status = without_volatile(snapshot.status);
  nlohmann::json power = without_volatile(snapshot.power);
  const std::pair<bool, bool> changed(status != shown_status_, power != shown_power_);
  shown_status_ = std::move(status);
  shown_power_ = std::move(power);
  return changed;
}

void BridgeHub::pass_on(const StatusSnapshot& snapshot) {
  const std::lock_guard lock(shown_mutex_);
  const auto [status_changed, power_changed] = show(snapshot);
  const std::string status = status_message(snapshot.status);
  const std::string power = power_message(snapshot.power);
  for (const Connection& connection : connections()) {
    if (status_changed) connection->show_status(status);
    if (power_changed) connection->show_power(power);
  }
}

}  // namespace backend
