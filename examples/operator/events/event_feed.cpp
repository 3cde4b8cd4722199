#include "operator/events/event_feed.hpp"

#include <vx11/notifier.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "operator/events/event_message.hpp"
#include "operator/events/event_stream.hpp"

namespace backend {

std::shared_ptr<EventFeed> EventFeed::make(std::shared_ptr<EventStore> store,
                                           EventFeedOptions options) {
  const std::shared_ptr<EventFeed> feed(new EventFeed(std::move(store), std::move(options)));
  // Weak: the store may deliver while the feed is being destroyed.
  const std::weak_ptr<EventFeed> known = feed;
  feed->subscription_ =
      feed->store_->listen([known](const std::shared_ptr<const StoredEvent>& event) {
        if (const auto alive = known.lock()) alive->add(event);
      });
  return feed;
}

EventFeed::EventFeed(std::shared_ptr<EventStore> store, EventFeedOptions options)
    : store_(std::move(store)),
      options_(std::move(options)),
      places_(std::make_shared<Places>(options_.streams)) {}

EventFeed::~EventFeed() = default;

vx11::Task<vx11::Result<std::unique_ptr<vx11::BodyStream>>> EventFeed::open(
    std::shared_ptr<EventFeed> feed, EventStreamStart start, Places::Place place) {
  auto looking = feed->store_->range();
  auto stored = co_await std::move(looking);
  if (!stored) co_return vx11::fail(std::move(stored.error()));
  const std::uint64_t newest = feed->note_stored(*stored ? (*stored)->newest : 0);
  co_return std::make_unique<EventStream>(feed, std::move(place), std::move(start), *stored,
                                          newest);
}

void EventFeed::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_all();
}

void EventFeed::add(const std::shared_ptr<const StoredEvent>& event) {
  auto text = std::make_shared<const std::string>(event_text(*event));
  {
    const std::lock_guard lock(mutex_);
    newest_ = std::max(newest_, event->id);
    recent_.push_back(Recent{event, std::move(text)});
    if (recent_.size() > options_.recent) recent_.pop_front();
  }
  wake_all();
}

/// Outside the lock: the streams of a manual timer continue in this call.
void EventFeed::wake_all() noexcept {
  decltype(sleepers_) woken;
  {
    const std::lock_guard lock(mutex_);
    woken.swap(sleepers_);
  }
  for (const auto& [key, sleeper] : woken) sleeper->notify();
}

std::uint64_t EventFeed::note_stored(std::uint64_t id) noexcept {
  const std::lock_guard lock(mutex_);
  return newest_ = std::max(newest_, id);
}

/// What is stored but was not added yet will be, and wakes the stream then.
EventFeed::Found EventFeed::take(EventStream& stream, std::string& message) {
  const std::lock_guard lock(mutex_);
  if (ended_ || stream.login_ended_) return Found::end;
  const bool is_behind = stream.position_ < newest_;
  stream.newest_ = newest_;
  if (is_behind && (recent_.empty() || recent_.front().event->id > stream.position_ + 1)) {
    return Found::store;
  }
  const auto begin = std::ranges::upper_bound(
      recent_, stream.position_, {}, [](const Recent& recent) { return recent.event->id; });
  if (begin == recent_.end()) {
    sleepers_.emplace(stream.sleeper_.get(), stream.sleeper_);
    return Found::nothing;
  }
  EventMessage events;
  for (auto next = begin; next != recent_.end() && !events.is_full(); ++next) {
    stream.position_ = next->event->id;
    if (is_wanted(stream.start_, *next->event)) events.add(*next->text);
  }
  message = events.finish(stream.position_);
  return Found::events;
}

void EventFeed::enter(EventStream& stream) {
  if (stream.start_.login.empty()) return;
  const std::lock_guard lock(mutex_);
  of_logins_.emplace(stream.start_.login, &stream);
}

void EventFeed::leave(EventStream& stream) noexcept {
  const std::lock_guard lock(mutex_);
  sleepers_.erase(stream.sleeper_.get());
  const auto [begin, end] = of_logins_.equal_range(stream.start_.login);
  for (auto each = begin; each != end; ++each) {
    if (each->second != &stream) continue;
    of_logins_.erase(each);
    return;
  }
}

void EventFeed::end_login(const std::string& login) noexcept {
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = of_logins_.equal_range(login);
    if (begin == end) return;
    for (auto each = begin; each != end; ++each) each->second->login_ended_ = true;
  }
  wake_all();
}

}  // namespace backend
