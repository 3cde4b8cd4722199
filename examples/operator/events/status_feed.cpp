#include "operator/events/status_feed.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace backend {

namespace {

using nlohmann::json;

/// Members that differ at every look.
constexpr std::array<std::string_view, 8> kVolatile = {
    "latency_ms", "checked_at",        "timestamp",    "age_ms",
    "deadline",   "ttl_remaining_sec", "last_failure", "failure_count"};

json essence_of(const StatusSnapshot& snapshot) {
  return json::array({snapshot.gateway_answers, without_volatile(snapshot.status),
                      without_volatile(snapshot.power), without_volatile(snapshot.breakers)});
}

}  // namespace

json without_volatile(const json& value) {
  if (!value.is_object()) return value;
  json kept = json::object();
  for (const auto& [name, each] : value.items()) {
    if (std::find(kVolatile.begin(), kVolatile.end(), name) != kVolatile.end()) continue;
    kept[name] = without_volatile(each);
  }
  return kept;
}

std::shared_ptr<const StatusSnapshot> StatusFeed::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

void StatusFeed::publish(StatusSnapshot snapshot) {
  json essence = essence_of(snapshot);
  const auto shown = std::make_shared<const StatusSnapshot>(std::move(snapshot));
  {
    const std::lock_guard lock(mutex_);
    latest_ = shown;
    if (essence == essence_) return;
    essence_ = std::move(essence);
  }
  std::vector<std::shared_ptr<const StatusListener>> all;
  {
    const std::lock_guard lock(listeners_->mutex);
    for (const auto& [id, listener] : listeners_->all) all.push_back(listener);
  }
  for (const auto& listener : all) (*listener)(shown);
}

std::shared_ptr<void> StatusFeed::listen(StatusListener listener) {
  const std::lock_guard lock(listeners_->mutex);
  const std::uint64_t id = listeners_->next++;
  listeners_->all.emplace(id, std::make_shared<const StatusListener>(std::move(listener)));
  const auto forget = [kept = listeners_, id](void*) {
    const std::lock_guard relock(kept->mutex);
    kept->all.erase(id);
  };
  return std::shared_ptr<void>(listeners_.get(), forget);
}

StatusFeed::PowerCommand StatusFeed::begin_command() {
  return PowerCommand(commands_);
}

void StatusFeed::report(NewEvent event) {
  const std::lock_guard lock(commands_->mutex);
  if (commands_->reported.size() < kMaxReported) commands_->reported.push_back(std::move(event));
}

StatusFeed::CommandMark StatusFeed::command_mark() const {
  const std::lock_guard lock(commands_->mutex);
  return CommandMark{commands_->running, commands_->ended};
}

std::vector<NewEvent> StatusFeed::take_reported() {
  const std::lock_guard lock(commands_->mutex);
  return std::exchange(commands_->reported, {});
}

}  // namespace backend
