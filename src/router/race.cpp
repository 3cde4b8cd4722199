#include "router/race.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace vx11 {
inline namespace v0 {

Race::Race(const RouterCore& router, ChatAttemptState& state, const Deadline& total)
    : router_(router), state_(state), total_(total) {
  if (total.stop_token().stop_possible()) {
    on_left_.emplace(total.stop_token(), CallerLeft{&events_});
  }
}

Race::~Race() {
  on_left_.reset();
  silence(first_watch_);
  for (const auto& each : more_watches_) silence(*each);
  for (std::size_t i = 0; i < started_ && running_ != 0; ++i) {
    std::unique_ptr<TargetCall>& running = call(i);
    if (!running) continue;
    running = TargetCall::detach(std::move(running), Overtaken::cancel);
    if (!running) awaited_ &= ~bit_of(i);
  }
  while ((awaited_ & ~events_.so_far()) != 0) std::this_thread::yield();
}

void Race::start(std::unique_ptr<TargetCall> starting) {
  if (started_ != 0) more_.emplace_back();
  if (running_ != 0) {
    router_.options.events(Event{
        .kind = EventKind::router_beside, .name = starting->target().name, .count = started_});
  }
  starting->entry = state_.enter(starting->target());
  state_.began(starting->entry, starting->began());
  const std::size_t number = started_++;
  TargetCall& call = *(this->call(number) = std::move(starting));
  ++running_;
  if (call.start(events_, bit_of(number))) return settle(number);
  awaited_ |= bit_of(number);
}

void Race::settle(std::size_t number) {
  const std::unique_ptr<TargetCall> ended = std::move(call(number));
  --running_;
  if (!state_.over()) return ended->settle(state_);
  state_.overtaken(ended->entry, router_.options.clock.now() - ended->began());
  ended->settle_alone();
}

void Race::look() {
  const Events::Set happened = events_.so_far();
  const Events::Set fresh = happened & ~seen_;
  seen_ = happened;
  for (std::size_t i = 0; i < started_; ++i) {
    if ((fresh & bit_of(i)) != 0) settle(i);
  }
  if ((fresh & ~kLeft) >= kFirstAlarm) now_ = router_.options.clock.now();
}

TimePoint Race::next_time() const noexcept {
  const TargetCall* const latest = newest();
  if (no_more_ || latest == nullptr) return total_.at();
  return std::min(total_.at(), latest->slow_at());
}

/// An alarm that rings earlier will do: the next one is set then.
void Race::watch() {
  const TimePoint at = next_time();
  if (running_ == 0 || over() || at == TimePoint::max()) return;
  Watch* free = waits(first_watch_) ? nullptr : &first_watch_;
  if (free == nullptr && first_watch_.at <= at) return;
  for (const auto& each : more_watches_) {
    if (!waits(*each)) {
      free = each.get();
    } else if (each->at <= at) {
      return;
    }
  }
  if (free == nullptr) free = more_watches_.emplace_back(std::make_unique<Watch>()).get();
  set(*free, at);
}

void Race::set(Watch& watch, TimePoint at) {
  if (next_alarm_ == kLeft) return;
  watch.events = &events_;
  watch.bit = next_alarm_;
  watch.cancelled = false;
  next_alarm_ <<= 1U;
  const TargetCall* const latest = newest();
  const TimePoint now = latest == nullptr ? now_ : std::max(now_, latest->began());
  try {
    if (!watch.alarm) router_.make_alarm(watch.alarm, &rung, &watch);
    watch.alarm->set(time_left(at, now));
    watch.at = at;
  } catch (...) {  // without an alarm the calls end by their own limits
    watch.bit = 0;
  }
}

void Race::rung(void* watch) {
  const Watch& own = *static_cast<Watch*>(watch);
  own.events->happen(own.bit);
}

void Race::silence(Watch& watch) noexcept {
  if (!waits(watch) || watch.cancelled) return;
  watch.cancelled = true;
  if (!watch.alarm->cancel()) awaited_ |= watch.bit;  // it rings yet, perhaps on another thread
}

void Race::end() {
  on_left_.reset();
  silence(first_watch_);
  for (const auto& each : more_watches_) silence(*each);
  if (running_ != 0) now_ = router_.options.clock.now();
  const Errc why = left() ? Errc::cancelled : Errc::timeout;
  for (std::size_t i = 0; i < started_ && running_ != 0; ++i) {
    if (call(i)) detach(i, why);
  }
  if (left() && !state_.over()) state_.cancelled(router_.options.targets.front());
}

/// A call that its caller has left early is of no interest any more; one that was slow by then says
/// something about its upstream.
void Race::detach(std::size_t number, Errc why) {
  std::unique_ptr<TargetCall>& call = this->call(number);
  const bool answered = state_.answered();
  const bool decided = answered || (state_.over() && !left());  // also by a final answer of a rule
  const RouterTarget& target = call->target();
  const std::size_t entry = call->entry;
  const Duration elapsed = now_ - call->began();
  const bool is_evidence = answered || call->slow_at() <= now_;
  call = TargetCall::detach(std::move(call),
                            is_evidence ? router_.options.overtaken : Overtaken::cancel);
  if (call) return;  // it has just ended
  --running_;
  awaited_ &= ~bit_of(number);
  decided ? state_.overtaken(entry, elapsed) : state_.abandon(target, entry, why, elapsed);
}

}  // namespace v0
}  // namespace vx11
