// What a WebSocket of the bridge subscribes to, and the events that its client has missed.
#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include "gateway/log/log.hpp"
#include "operator/bridge/bridge_close.hpp"
#include "operator/bridge/bridge_connection.hpp"
#include "operator/bridge/detached_task.hpp"

namespace backend {

namespace {

using vx11::Scope;
using vx11::Task;

/// Events that are read from the store at once.
constexpr std::size_t kPage = 20;

}  // namespace

void BridgeConnection::subscribe(const BridgeRequest& request) {
  const BridgeChannels& channels = request.channels;
  if (channels.events && !allows(Scope::status, std::nullopt)) return;
  if (channels.status && !allows(Scope::status, std::nullopt)) return;
  if (channels.power && !allows(Scope::power_read, std::nullopt)) return;
  if (channels.events) {
    subscribe_events(request.after, subscribed_message(channels));
  } else {
    send(subscribed_message(channels));
  }
  if (channels.status) wants_status_ = true;
  if (channels.power) wants_power_ = true;
  const auto& feed = context().parts.feed;
  const auto latest = feed == nullptr ? nullptr : feed->latest();
  if (latest != nullptr && channels.status) send(status_message(latest->status));
  if (latest != nullptr && channels.power) send(power_message(latest->power));
}

/// No event comes before `confirmation`, and none that happens after it is missed.
void BridgeConnection::subscribe_events(std::optional<std::uint64_t> after,
                                        const std::string& confirmation) {
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t newest = hub_->newest_event();  // later ones come after the confirmation
    put(confirmation);                                  // if that fails, the first event does
    if (is_catching_up_) return;  // it will be live, or begins with an earlier event
    if (!after) {
      delivered_ = std::max(delivered_, newest);
      is_live_ = true;
      return;
    }
    is_live_ = false;
    is_catching_up_ = true;
    delivered_ = *after;
  }
  run_detached(catch_up(shared_from_this()));
}

/// Sends what the client has missed from the store, page by page, until nothing is missing.
Task<void> BridgeConnection::catch_up(std::shared_ptr<BridgeConnection> self) {
  bool is_read = false;
  try {
    auto beginning = self->begin_backlog();
    is_read = co_await std::move(beginning);
    while (is_read && !self->is_cut_off_) {
      const std::uint64_t newest = self->hub_->newest_event();
      auto sending = self->send_backlog();
      const std::optional<bool> has_more = co_await std::move(sending);
      is_read = has_more.has_value();
      if (is_read && !*has_more && self->try_go_live(newest)) co_return;
      auto waiting = self->wait_for_client();
      const bool is_there = co_await std::move(waiting);
      if (!is_there) co_return self->cut_off();
    }
  } catch (const std::exception& error) {
    is_read = false;
    gateway::log_event(gateway::LogEvent::request_failed, {{"reason", error.what()},
                                                           {"route", "/operator/ws"},
                                                           {"request_id", self->correlation_id_}});
  }
  const std::lock_guard lock(self->mutex_);
  self->is_catching_up_ = false;
  if (!is_read) {
    self->put(error_message({"storage", "the events cannot be read; subscribe again"}));
  }
}

/// Skips what is not stored any more, or is too much.
/// \return whether the store could be read
Task<bool> BridgeConnection::begin_backlog() {
  const std::uint64_t newest = hub_->newest_event();
  auto reading = context().parts.events->range();
  const auto range = co_await std::move(reading);
  if (!range) co_return false;
  skip_to(range->value_or(EventRange{newest + 1, newest}));
  co_return true;
}

void BridgeConnection::skip_to(const EventRange& stored) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t after =
      std::exchange(delivered_, stored.resume_after(delivered_, context().limits.backlog));
  if (delivered_ != after) put(bridge_gap_message(after, delivered_ + 1));
}

/// \return whether there may be more; none: the store could not be read
Task<std::optional<bool>> BridgeConnection::send_backlog() {
  std::uint64_t from = 0;
  {
    const std::lock_guard lock(mutex_);
    from = delivered_;
  }
  auto reading = context().parts.events->after(from, kPage);
  const auto events = co_await std::move(reading);
  if (!events) co_return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (const StoredEvent& event : *events) {
    if (socket_->unsent_bytes() > context().limits.unsent_bytes / 2) co_return true;
    if (!put(event_message(event))) {  // it has ended, or no client could take so much at once
      cut_off();
      co_return true;
    }
    delivered_ = event.id;
  }
  co_return events->size() == kPage;
}

Task<bool> BridgeConnection::wait_for_client() {
  constexpr auto kPause = std::chrono::milliseconds(20);
  constexpr int kMaxPauses = 500;
  const std::size_t half = context().limits.unsent_bytes / 2;
  std::size_t before = socket_->unsent_bytes();
  for (int pauses = 0; socket_->unsent_bytes() > half; ++pauses) {
    if (pauses == kMaxPauses) co_return false;
    auto sleeping = context().timer->sleep(kPause, socket_->ended());
    const bool has_slept = co_await std::move(sleeping);
    if (!has_slept) co_return false;
    if (std::exchange(before, socket_->unsent_bytes()) != before) pauses = 0;
  }
  co_return true;
}

/// Unless the hub has passed on an event after `newest`, its last one before the store was read:
/// all up to that have been read, or are not stored any more.
bool BridgeConnection::try_go_live(std::uint64_t newest) {
  const std::lock_guard lock(mutex_);
  if (hub_->newest_event() > std::max(delivered_, newest)) return false;
  delivered_ = std::max(delivered_, newest);
  is_live_ = true;
  is_catching_up_ = false;
  return true;
}

}  // namespace backend
