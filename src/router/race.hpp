#pragma once

/// \file
/// The targets of one chat that are asked side by side. Internal.

#include <vx11/detail/alarm.hpp>
#include <vx11/detail/event_set.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "router/target_call.hpp"

namespace vx11 {
inline namespace v0 {

/// Starts calls, and decides when the next one is due and when the chat is over. A part of the
/// frame of one chat's coroutine, which does the waiting:
///
/// ```cpp
/// while (race.wants_next()) { race.start(call of the next target), or race.no_more() }
/// if (race.over()) break;
/// co_await race.changed(); race.look();
/// ```
/// and, since events may still be on their way when a chat is over,
/// ```cpp
/// race.end();
/// while (race.pending()) { co_await race.changed(); race.look(); }
/// ```
class Race {
 public:
  /// More targets than this are asked one after another.
  static constexpr std::size_t kMostTargets = 8;

  /// All must outlive this object.
  Race(const RouterCore& router, ChatAttemptState& state, const Deadline& total);
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;
  /// If an exception ends the chat, running calls are cancelled and events on their way awaited.
  ~Race();

  /// Whether it is time to ask a further target.
  bool wants_next() const noexcept {
    if (over() || no_more_) return false;
    const TargetCall* const latest = newest();
    return latest == nullptr || latest->slow_at() <= now_;
  }
  void start(std::unique_ptr<TargetCall> starting);
  /// There is no further target.
  void no_more() noexcept { no_more_ = true; }
  /// Whether the chat is over: answered, given up, or out of targets.
  bool over() const noexcept {
    if (state_.over() || left()) return true;
    return running_ == 0 ? no_more_ : total_.passed(now_);
  }

  /// `co_await`: until something has happened. Before it waits, the next alarm is set.
  auto changed() {
    watch();
    return events_.beyond(seen_);
  }
  /// Evaluates what has happened.
  void look();

  /// Lets all running calls go, and completes the ledger.
  void end();
  /// Whether an event is on its way that uses this object.
  bool pending() const noexcept { return (awaited_ & ~seen_) != 0; }

 private:
  using Events = detail::EventSet;

  static constexpr std::size_t kMostCalls = kMostTargets + 1;  ///< With the last resort.
  static constexpr Events::Set kFirstAlarm = Events::Set{1} << kMostCalls;
  static constexpr Events::Set kLeft = Events::Set{1} << 30U;  ///< Above all alarms.

  struct CallerLeft {
    Events* events;
    void operator()() const noexcept { events->happen(kLeft); }
  };
  /// An alarm and the event that it triggers, one after another.
  struct Watch {
    detail::AlarmSlot alarm = {};
    TimePoint at = {};
    Events* events = nullptr;
    Events::Set bit = 0;
    bool cancelled = false;
  };

  static Events::Set bit_of(std::size_t call) noexcept { return Events::Set{1} << call; }
  static void rung(void* watch);
  bool waits(const Watch& watch) const noexcept { return (watch.bit & ~seen_) != 0; }
  bool left() const noexcept { return (seen_ & kLeft) != 0; }
  /// The call that was started last; null if it has ended.
  const TargetCall* newest() const noexcept {
    return more_.empty() ? first_.get() : more_.back().get();
  }
  /// Null: it has ended.
  std::unique_ptr<TargetCall>& call(std::size_t number) noexcept {
    return number == 0 ? first_ : more_[number - 1];
  }

  void settle(std::size_t number);
  TimePoint next_time() const noexcept;
  void watch();
  void set(Watch& watch, TimePoint at);
  void silence(Watch& watch) noexcept;
  void detach(std::size_t number, Errc why);

  const RouterCore& router_;
  ChatAttemptState& state_;
  const Deadline& total_;
  Events events_ = {};
  Events::Set seen_ = 0;
  Events::Set awaited_ = 0;
  Events::Set next_alarm_ = kFirstAlarm;
  std::unique_ptr<TargetCall> first_ = nullptr;  ///< Usually the only one, so it needs no list.
  std::vector<std::unique_ptr<TargetCall>> more_ = {};
  std::size_t started_ = 0;
  std::size_t running_ = 0;
  bool no_more_ = false;
  TimePoint now_ = {};  ///< When something was looked at last.
  Watch first_watch_;
  std::vector<std::unique_ptr<Watch>> more_watches_ = {};
  std::optional<std::stop_callback<CallerLeft>> on_left_ = std::nullopt;  // the first to go
};

/// Starts the call that `make` returns for the next target of `sequence`, null for one to skip; or
/// notes that there is no further target.
template <class Make>
void start_next(Race& race, const ChatAttemptState& state, TargetSequence& sequence,
                const Make& make) {
  const RouterTarget* const target = sequence.next(state);
  if (target == nullptr) return race.no_more();
  if (std::unique_ptr<TargetCall> call = make(*target)) race.start(std::move(call));
}

}  // namespace v0
}  // namespace vx11
