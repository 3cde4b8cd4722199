#include "operator/watch/known_state.hpp"

#include <utility>

#include "operator/api/bounded_json.hpp"
#include "operator/events/event_families.hpp"
#include "operator/watch/watch_events.hpp"
#include "operator/watch/window_view.hpp"

namespace backend {

using vx11::WallTime;

namespace {

std::optional<WallTime> deadline_in(const nlohmann::json& payload) {
  const nlohmann::json& at = member(payload, "deadline_unix_ms");
  if (!at.is_number_integer()) return std::nullopt;
  return WallTime(std::chrono::milliseconds(at.get<std::int64_t>()));
}

}  // namespace

bool KnownState::concerns(const NewEvent& event) {
  return event.type.starts_with("power.window_") || !text_member(event.payload, "watched").empty();
}

/// Events of callers are none of the watcher's, whatever their payload says.
void KnownState::fold(const NewEvent& event, WallTime at) {
  if (!is_reserved_event(event.type)) return;
  fold_value(event, at);
  fold_window(event);
}

void KnownState::fold_value(const NewEvent& event, WallTime at) {
  const std::string key = text_member(event.payload, "watched");
  if (key.empty()) return;
  Tracked& known = values_[key];
  if (member(event.payload, "flapping") == true) {
    known.is_flapping = true;
    known.last_seen = known.value;
    known.since = at;
    return;
  }
  known.value = text_member(event.payload, "to");
  known.is_flapping = false;
  known.changes.push_back(at);
  if (known.changes.size() > kMaxChanges) known.changes.pop_front();
}

void KnownState::fold_window(const NewEvent& event) {
  const std::string id = text_member(event.payload, "window_id");
  if (event.type == "power.window_opened") {
    window_ = Window{id, deadline_in(event.payload), false};
  } else if (event.type == "power.window_ending" && window_ && window_->id == id) {
    window_->is_announced = true;
  } else if (event.type == "power.window_closed" || event.type == "power.window_expired") {
    window_.reset();
  }
}

/// Whether its value stays is known only after a while: what is seen meanwhile is no news.
std::optional<NewEvent> KnownState::change_of_flapping(Tracked& known, const WatchedValue& seen,
                                                       WallTime now) {
  if (seen.value != known.last_seen) {
    known.last_seen = seen.value;
    known.since = now;
    return std::nullopt;
  }
  if (now - known.since < kCalm) return std::nullopt;
  known.changes.clear();
  return value_changed(seen, known.value);
}

std::optional<NewEvent> KnownState::change_of(const WatchedValue& seen, WallTime now) {
  const auto at = values_.find(seen.key());
  if (at == values_.end()) {
    if (seen.is_normal) return std::nullopt;
    return value_changed(seen, {});
  }
  Tracked& known = at->second;
  if (known.is_flapping) return change_of_flapping(known, seen, now);
  if (seen.value == known.value) return std::nullopt;
  while (!known.changes.empty() && now - known.changes.front() > kFlapWindow) {
    known.changes.pop_front();
  }
  if (known.changes.size() >= kMaxChanges) return value_flaps(seen);
  return value_changed(seen, known.value);
}

std::vector<NewEvent> KnownState::changes_of_values(const Observation& seen) {
  std::vector<NewEvent> events;
  for (const WatchedValue& value : seen.values) {
    std::optional<NewEvent> change = change_of(value, seen.at);
    if (change) events.push_back(*std::move(change));
  }
  return events;
}

NewEvent KnownState::window_ended(WallTime now) const {
  constexpr std::chrono::seconds kSlack{2};  // clocks of two machines
  const bool expired = window_->deadline && now + kSlack >= *window_->deadline;
  return window_gone(window_->id, expired);
}

void KnownState::add_window_changes(std::vector<NewEvent>& events, const Observation& seen) const {
  const bool was_open = window_.has_value();
  const bool is_same = was_open && seen.window && seen.window->id == window_->id;
  if (was_open && !is_same) events.push_back(window_ended(seen.at));
  if (!seen.window) return;
  const std::optional<WallTime> deadline = end_of(*seen.window, seen.at);
  if (!is_same) events.push_back(window_opened(*seen.window, deadline));
  const bool is_announced = is_same && window_->is_announced;
  if (deadline && !is_announced && *deadline - seen.at < ending_before_) {
    events.push_back(window_ending(*seen.window, *deadline));
  }
}

std::vector<NewEvent> KnownState::changes(const Observation& seen) {
  std::vector<NewEvent> events = changes_of_values(seen);
  if (!seen.knows_power) return events;
  add_window_changes(events, seen);
  // Not in the events, because an extension moves it.
  if (window_ && seen.window && seen.window->id == window_->id) {
    window_->deadline = end_of(*seen.window, seen.at);
  }
  return events;
}

}  // namespace backend
