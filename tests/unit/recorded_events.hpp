#pragma once

#include <vx11/event_table.hpp>
#include <vx11/events.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// An event with texts of its own.
struct RecordedEvent {
  vx11::EventKind kind = {};
  std::string name = {};
  std::string detail = {};
  std::uint64_t count = 0;
  std::uint64_t limit = 0;
  vx11::Duration duration = {};
  int status = 0;
  std::string cause = {};
};

/// A sink that keeps what it receives. Thread-safe.
class RecordedEvents final : public vx11::Events {
 public:
  void on_event(const vx11::Event& event) noexcept override {
    if (during) during();
    const std::lock_guard lock(mutex_);
    events_.push_back(RecordedEvent{event.kind, std::string(event.name), std::string(event.detail),
                                    event.count, event.limit, event.duration, event.status,
                                    std::string(event.cause)});
  }

  std::vector<RecordedEvent> all() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  /// Names of kinds, with the detail if there is one: "retry.gave_up attempts".
  std::vector<std::string> words() const {
    std::vector<std::string> words;
    for (const RecordedEvent& event : all()) {
      words.emplace_back(to_string(event.kind));
      if (!event.detail.empty()) words.back().append(" ").append(event.detail);
    }
    return words;
  }
  std::size_t count(vx11::EventKind kind) const {
    const auto events = all();
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [kind](const auto& event) { return event.kind == kind; }));
  }
  /// The only event of that kind, or an empty one with the name "none" or "several".
  RecordedEvent only(vx11::EventKind kind) const {
    RecordedEvent found{.name = "none"};
    for (const RecordedEvent& event : all()) {
      if (event.kind != kind) continue;
      if (found.name != "none") return RecordedEvent{.name = "several"};
      found = event;
    }
    return found;
  }

  /// Called for every event: to call back into what reports. Set before use.
  std::function<void()> during = {};

 private:
  mutable std::mutex mutex_;
  std::vector<RecordedEvent> events_;
};

inline std::shared_ptr<RecordedEvents> record_events() {
  return std::make_shared<RecordedEvents>();
}
