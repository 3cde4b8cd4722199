#pragma once

/// \file
/// What has been reported as events, and what a look adds to it. Internal.

#include <vx11/clock.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/events/event_store.hpp"
#include "operator/watch/observation.hpp"

namespace backend {

/// The state that the stored events describe. It is made from them alone, so that a restart
/// continues where they end. Not thread-safe.
class KnownState {
 public:
  /// A value that has changed this often within `kFlapWindow` is flapping: one event says so, and
  /// the next one comes once the value has been the same for `kCalm`.
  static constexpr std::size_t kMaxChanges = 6;
  static constexpr std::chrono::minutes kFlapWindow{5};
  static constexpr std::chrono::seconds kCalm{60};

  /// \param ending_before when the end of a window is announced
  explicit KnownState(std::chrono::seconds ending_before) : ending_before_(ending_before) {}

  /// Whether `fold` takes the event into account.
  static bool concerns(const NewEvent& event);
  /// Takes a stored event into account, in the order of their ids.
  void fold(const NewEvent& event, vx11::WallTime at);
  /// The events that describe what `seen` adds. They count once they are folded.
  std::vector<NewEvent> changes(const Observation& seen);
  /// The same without the window, while a caller's command may be changing it.
  std::vector<NewEvent> changes_of_values(const Observation& seen);

 private:
  struct Tracked {
    std::string value = {};
    std::deque<vx11::WallTime> changes = {};
    bool is_flapping = false;
    std::string last_seen = {};  ///< While it flaps.
    vx11::WallTime since = {};   ///< Of `last_seen`.
  };
  struct Window {
    std::string id = {};
    std::optional<vx11::WallTime> deadline = std::nullopt;
    bool is_announced = false;
  };

  std::optional<NewEvent> change_of(const WatchedValue& seen, vx11::WallTime now);
  std::optional<NewEvent> change_of_flapping(Tracked& known, const WatchedValue& seen,
                                             vx11::WallTime now);
  void fold_value(const NewEvent& event, vx11::WallTime at);
  void fold_window(const NewEvent& event);
  void add_window_changes(std::vector<NewEvent>& events, const Observation& seen) const;
  NewEvent window_ended(vx11::WallTime now) const;

  std::chrono::seconds ending_before_;
  std::map<std::string, Tracked> values_ = {};
  std::optional<Window> window_ = std::nullopt;
};

}  // namespace backend
