#include "gateway/top/top_poller.hpp"

#include <utility>

namespace gateway {

TopPoller::TopPoller(TopSource source, vx11::Duration interval)
    : source_(std::move(source)),
      interval_(interval),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

TopPoller::State TopPoller::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void TopPoller::pause(bool is_paused) {
  {
    const std::lock_guard lock(mutex_);
    is_paused_ = is_paused;
  }
  changed_.notify_all();
}

void TopPoller::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    keep(source_(stop));
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, interval_, [] { return false; });
    changed_.wait(lock, stop, [this] { return !is_paused_; });
  }
}

/// A gateway that is back counts from 0: what was read before it was lost is kept as long.
void TopPoller::keep(vx11::Result<TopSample> read) {
  const std::lock_guard lock(mutex_);
  if (is_paused_) return;
  if (!read) {
    state_.error = std::move(read.error().detail);
    return;
  }
  state_.error.clear();
  state_.before = std::exchange(state_.now, std::make_shared<const TopSample>(*std::move(read)));
}

}  // namespace gateway
