#include "redis/link.hpp"

#include <vx11/detail/split_mix.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::Loop;
using net_detail::TimerWheel;

Link::Link(Loop& loop, std::shared_ptr<Shared> shared, Url url, Greeting greeting,
           std::function<void(ErrorKind)> trouble)
    : loop_(loop),
      shared_(std::move(shared)),
      url_(std::move(url)),
      greeting_(std::move(greeting)),
      trouble_(std::move(trouble)),
      retry_timer_(loop.timers, &Link::retry, this) {}

void Link::close(ErrorKind why) {
  state_ = State::down;
  why_down_ = why;
  retry_timer_.disarm();
  if (connection_) std::exchange(connection_, nullptr)->close(why);
  fail_waiting(why);
}

void Link::submit(Call& call) {
  last_use_ = TimerWheel::in({});
  switch (state_) {
    case State::up:
      return connection_->submit(call);
    case State::down:
    case State::retrying:
      return call.fail(why_down_);
    case State::resting:
    case State::connecting:
      break;
  }
  if (waiting_->size() >= shared_->options.max_pending) return call.fail(ErrorKind::overloaded);
  call.wait_in(*this);
  waiting_->push_back(&call);
  if (state_ == State::resting) connect(State::connecting);
}

/// The attempt may have failed when this returns.
void Link::connect(State state) {
  state_ = state;
  ConnectionUser& user = *this;
  connection_ = std::make_shared<Connection>(loop_, shared_, url_, greeting_, user);
  if (pushed_) connection_->expect_pushes();
  const auto connection = connection_;
  connection->start();
}

void Link::connected(Connection& connection) {
  state_ = State::up;
  while (!waiting_->empty() && connection_.get() == &connection) {
    Call* const call = waiting_->front();
    waiting_->pop_front();
    connection.submit(*call);
  }
}

void Link::disconnected(Connection& connection, ErrorKind why) {
  why_down_ = why;
  const bool was_of_use = state_ == State::up && has_lasted(connection);
  const bool again = was_of_use && deserves_another(why);
  if (was_of_use) failures_ = 0;
  connection_.reset();
  if (trouble_) trouble_(why);
  if (again && !loop_.ending()) return connect(State::connecting);
  state_ = State::down;
  retry_timer_.arm(saturated_add(TimerWheel::now(), next_pause()));
  fail_waiting(why);
}

/// Until then nothing shows that the server is of use: one that loads its data greets, too.
bool Link::has_lasted(const Connection& lost) noexcept {
  constexpr Duration kForAWhile = std::chrono::milliseconds(500);
  return TimerWheel::now() - lost.ready_since() >= kForAWhile;
}

/// A connection that was of use for a while is replaced at once: servers and balancers close
/// connections now and then. One that was not answered is not, since the server is stuck.
bool Link::deserves_another(ErrorKind why) noexcept {
  return why == ErrorKind::unreachable || facts_of(why).remedy == Remedy::drop_and_retry;
}

Duration Link::next_pause() noexcept {
  constexpr Duration kFirst = std::chrono::milliseconds(50);
  const Duration cap = shared_->options.reconnect_cap;
  const Duration pause = std::min<Duration>(kFirst * (1LL << std::min(failures_, 20U)), cap);
  ++failures_;
  const double part = 0.5 + detail::spread() / 2;
  return Duration(static_cast<Duration::rep>(static_cast<double>(pause.count()) * part));
}

void Link::retry(void* self) {
  auto& link = *static_cast<Link*>(self);
  if (link.loop_.ending() || link.state_ != State::down) return;
  const bool is_used = TimerWheel::now() - link.last_use_ < std::chrono::minutes(1);
  is_used ? link.connect(State::retrying) : void(link.state_ = State::resting);
}

/// A caller that is resumed may end others that wait, which `forget` has to find, or close and
/// destroy this link.
void Link::fail_waiting(ErrorKind why) {
  const std::shared_ptr<std::deque<Call*>> waiting = waiting_;
  while (!waiting->empty()) {
    Call* const call = waiting->front();
    waiting->pop_front();
    call->fail(why);
  }
}

void Link::forget(Call& call) noexcept {
  const auto found = std::find(waiting_->begin(), waiting_->end(), &call);
  if (found != waiting_->end()) waiting_->erase(found);
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
