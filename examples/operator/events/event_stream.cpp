#include "operator/events/event_stream.hpp"

#include <algorithm>
#include <utility>

#include "operator/events/event_message.hpp"

namespace backend {

using vx11::Result;
using vx11::Task;

EventStream::EventStream(std::shared_ptr<EventFeed> feed, Places::Place place,
                         EventStreamStart start, const Range& stored, std::uint64_t newest)
    : feed_(std::move(feed)),
      place_(std::move(place)),
      start_(std::move(start)),
      sleeper_(std::make_shared<vx11::Notifier>(feed_->options_.timer)),
      newest_(newest),
      first_(kStreamBeginning),
      ends_at_(vx11::saturated_add(now(), feed_->options_.max_open)),
      last_sent_(now()) {
  position_ = start_.after.value_or(stored ? stored->newest : newest);
  if (start_.after) first_ += move_to(stored);
  feed_->enter(*this);
}

EventStream::~EventStream() {
  feed_->leave(*this);
}

Task<Result<std::string>> EventStream::next(vx11::Deadline deadline) {
  if (!first_.empty()) co_return sent(std::exchange(first_, std::string()));
  while (!deadline.cancelled() && now() < ends_at_) {
    std::string message;
    const EventFeed::Found found = feed_->take(*this, message);
    if (found == EventFeed::Found::end) co_return std::string();
    if (found == EventFeed::Found::store) {
      Task<Result<std::string>> reading = read_store();
      Result<std::string> read = co_await std::move(reading);
      if (!read) co_return read;
      message = *std::move(read);
    }
    if (!message.empty()) co_return sent(std::move(message));
    if (until_heartbeat() <= vx11::Duration::zero()) co_return sent(std::string(kHeartbeat));
    if (found != EventFeed::Found::nothing) continue;
    Task<bool> sleeping = sleeper_->wait(until_heartbeat(), deadline.stop_token());
    co_await std::move(sleeping);
  }
  if (deadline.cancelled()) co_return vx11::fail(vx11::Errc::cancelled);
  co_return std::string();
}

/// What is no longer in memory; perhaps no longer in the store either.
Task<Result<std::string>> EventStream::read_store() {
  constexpr std::size_t kTogether = 64;
  auto looking = feed_->store_->range();
  auto stored = co_await std::move(looking);
  if (!stored) co_return vx11::fail(std::move(stored.error()));
  std::string message = move_to(*stored);
  auto reading = feed_->store_->after(position_, kTogether);
  auto events = co_await std::move(reading);
  if (!events) co_return vx11::fail(std::move(events.error()));
  EventMessage found;
  for (const StoredEvent& event : *events) {
    if (found.is_full()) break;
    position_ = event.id;
    if (is_wanted(start_, event)) found.add(event_text(event));
  }
  if (events->empty()) position_ = std::max(position_, newest_);  // removed meanwhile
  co_return message + found.finish(position_);
}

/// Moves on to what is stored.
/// \return the message about what is left out, or nothing
std::string EventStream::move_to(const Range& stored) {
  const EventRange range = stored.value_or(EventRange{newest_ + 1, newest_});
  const std::uint64_t after =
      std::exchange(position_, range.resume_after(position_, feed_->options_.backlog));
  return after == position_ ? std::string() : gap_message(after, position_ + 1);
}

vx11::Duration EventStream::until_heartbeat() const noexcept {
  const vx11::TimePoint next = vx11::saturated_add(last_sent_, feed_->options_.heartbeat);
  return std::min(next, ends_at_) - now();
}

std::string EventStream::sent(std::string message) {
  last_sent_ = now();
  return message;
}

}  // namespace backend
