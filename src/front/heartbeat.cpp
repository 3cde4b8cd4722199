#include "front/heartbeat.hpp"

#include <optional>
#include <utility>

#include "front/chat_relay.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

void Heartbeat::begin(Timer& timer, std::shared_ptr<ChatRelay> relay) {
  if (auto* const alarms = dynamic_cast<detail::AlarmTimer*>(&timer)) {
    alarms->make_alarm(alarm_, &Heartbeat::rung, this);
  } else {
    alarm_.emplace<detail::SleepAlarm>(timer, &Heartbeat::rung, this);
  }
  if (pass(State::idle, State::ringing)) run(relay);
}

/// An alarm that cannot be cancelled rings, and lets go then.
void Heartbeat::end() noexcept {
  if (state_.exchange(State::over) == State::set && alarm_->cancel()) relay_.reset();
}

void Heartbeat::rung(void* self) {
  auto& beat = *static_cast<Heartbeat*>(self);
  const std::shared_ptr<ChatRelay> relay = std::move(beat.relay_);
  if (beat.pass(State::setting, State::ringing)) return;  // `set` returns to `run`
  if (beat.pass(State::set, State::ringing) && !beat.alarm_->ended()) beat.run(relay);
}

/// An exception leaves a stream without signs of life, but a stream.
void Heartbeat::run(const std::shared_ptr<ChatRelay>& relay) noexcept {
  try {
    while (const std::optional<Duration> wait = relay->beat()) {
      if (!set(relay, *wait)) return;
      if (alarm_->ended()) break;
    }
  } catch (...) {
  }
  state_ = State::over;
  relay_.reset();
}

bool Heartbeat::set(const std::shared_ptr<ChatRelay>& relay, Duration wait) {
  if (!pass(State::ringing, State::setting)) return false;
  relay_ = relay;
  alarm_->set(wait);
  State seen = State::setting;
  if (state_.compare_exchange_strong(seen, State::set)) return false;
  if (seen != State::over) return true;
  if (alarm_->cancel()) relay_.reset();
  return false;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
