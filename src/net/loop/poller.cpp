#include "net/loop/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// How many events are dispatched per turn. Half of the queue, as latency matters less the more is
/// queued; at least 16, to amortize the epoll_wait and the yield; at most 64, so that responses
/// find their state still in the second-level cache.
std::size_t size_of_turn(std::size_t queued) noexcept {
  return std::clamp<std::size_t>(queued / 2, 16, 64);
}

/// The minimum of new work per turn, dispatched in addition if results fill the turn.
std::size_t new_work_in(std::size_t turn) noexcept {
  return turn / 4;
}

/// Prefetches the next watchers: with a thousand connections, their state has left the caches, and
/// the queue gives the order in advance.
void bring_nearer(const std::deque<Poller::Watcher*>& queue) noexcept {
  constexpr std::size_t kLater = 3;
  if (queue.size() > kLater && queue[kLater] != nullptr) prefetch<4>(queue[kLater]);
  if (queue.size() > 1 && queue[1] != nullptr) queue[1]->soon_ready();
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

bool Poller::add(const socket_detail::Fd& descriptor, Watcher& watcher) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watcher;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor.get(), &event) == 0;
}

void Poller::remove(const socket_detail::Fd& descriptor, Watcher& watcher) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor.get(), nullptr);
  if (std::exchange(watcher.pending_, 0) == 0) return;
  Queue& queue = queue_of(watcher);
  *std::find(queue.begin(), queue.end(), &watcher) = nullptr;
}

bool Poller::turn(int milliseconds) {
  fetch(has_more() ? 0 : milliseconds);
  const std::size_t size = size_of_turn(results_.size() + new_work_.size());
  const std::size_t dispatched = dispatch(results_, size);
  const std::size_t begun = dispatch(new_work_, std::max(size - dispatched, new_work_in(size)));
  return dispatched + begun != 0;
}

void Poller::fetch(int milliseconds) {
  const int count =
      ::epoll_wait(epoll_.get(), fetched_.data(), static_cast<int>(fetched_.size()), milliseconds);
  if (milliseconds != 0) woken_at_ = SteadyClock().now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = fetched_[static_cast<std::size_t>(i)];
    auto& watcher = *static_cast<Watcher*>(event.data.ptr);
    if (watcher.pending_ == 0) queue_of(watcher).push_back(&watcher);
    watcher.pending_ |= event.events;
  }
}

/// \return how many were dispatched
std::size_t Poller::dispatch(Queue& queue, std::size_t most) {
  std::size_t dispatched = 0;
  while (dispatched < most && !queue.empty()) {
    bring_nearer(queue);
    Watcher* const watcher = queue.front();
    queue.pop_front();
    if (watcher == nullptr) continue;
    ++dispatched;
    watcher->ready(std::exchange(watcher->pending_, 0));
  }
  return dispatched;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
