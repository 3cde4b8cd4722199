#include "operator/watch/watcher.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "operator/watch/known_state.hpp"
#include "operator/watch/observation.hpp"

namespace backend {

class Watcher::Impl {
 public:
  Impl(const Parts& parts, WatcherOptions options)
      : parts_(parts), options_(std::move(options)), known_(options_.ending_before) {}

  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  void look(const std::stop_token& stop) {
    const std::lock_guard lock(mutex_);
    restored_ = restored_ || restore();
    const StatusFeed::CommandMark before = parts_.feed->command_mark();
    Observation seen = observed(stop);
    if (stop.stop_requested()) return;
    // What cannot be compared with the stored events would be reported again.
    if (restored_) report(seen, before);
    parts_.feed->publish(std::move(seen.snapshot));
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      look(stop);
      std::unique_lock lock(sleep_);
      awake_.wait_for(lock, stop, options_.interval, [] { return false; });
    }
  }

  Observation observed(const std::stop_token& stop) {
    Caller own;
    own.token = options_.token;
    own.principal = "operator-backend";
    const auto until =
        vx11::Deadline::after(vx11::SteadyClock().now(), options_.read_timeout, stop);
    return vx11::sync_wait(observe(*parts_.gateway, std::move(own), until,
                                   options_.wall_clock.now(), parts_.feed->latencies()));
  }

  void report(const Observation& seen, StatusFeed::CommandMark before) {
    const StatusFeed::CommandMark after = parts_.feed->command_mark();
    for (const NewEvent& event : parts_.feed->take_reported()) known_.fold(event, seen.at);
    const bool is_quiet = after == before && after.running == 0;
    const std::vector<NewEvent> events =
        is_quiet ? known_.changes(seen) : known_.changes_of_values(seen);
    for (const NewEvent& event : events) {
      // One that is not stored is found again by the next look.
      if (vx11::sync_wait(parts_.events->add(event))) known_.fold(event, seen.at);
    }
  }

  /// Reads back what was reported, however much else has happened since: all events that are kept,
  /// once.
  /// \return whether the store could be read
  bool restore() {
    std::vector<StoredEvent> past;
    EventFilter filter;
    filter.limit = 1'000;
    for (bool has_more = true; has_more;) {
      auto listed = vx11::sync_wait(parts_.events->list(filter));
      if (!listed) return false;
      has_more = listed->has_more && !listed->events.empty();
      if (has_more) filter.before = listed->events.back().id;
      for (StoredEvent& event : listed->events) {
        if (KnownState::concerns(event.content)) past.push_back(std::move(event));
      }
    }
    for (auto event = past.rbegin(); event != past.rend(); ++event) {
      known_.fold(event->content, event->at);
    }
    return true;
  }

  Parts parts_;
  WatcherOptions options_;
  std::mutex mutex_ = {};  ///< Of the members below it: one look at a time.
  KnownState known_;
  bool restored_ = false;
  std::mutex sleep_ = {};
  std::condition_variable_any awake_ = {};
  std::jthread thread_ = {};  ///< Last: it uses all others.
};

Watcher::Watcher(const Parts& parts, WatcherOptions options)
    : impl_(std::make_unique<Impl>(parts, std::move(options))) {}

Watcher::~Watcher() = default;

void Watcher::start() {
  impl_->start();
}

void Watcher::look() {
  impl_->look(std::stop_token());
}

}  // namespace backend
