#include "poller.hpp"

#include <cerrno>
#include <system_error>

namespace vx11::inline v0::asio_detail {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

bool Poller::add(const detail::Fd& descriptor, Watcher& watcher) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watcher;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor.get(), &event) == 0;
}

void Poller::remove(const detail::Fd& descriptor, const Watcher& watcher) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor.get(), nullptr);
  for (int i = next_; i < fetched_; ++i) {
    epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
}

/// With a thousand connections nearly everything that one of them needs is far down the caches, and
/// the events say early who comes next.
void Poller::bring_nearer() const noexcept {
  const auto watcher = [this](int ahead) -> const Watcher* {
    const int at = next_ + ahead;
    if (at >= fetched_) return nullptr;
    return static_cast<const Watcher*>(events_[static_cast<std::size_t>(at)].data.ptr);
  };
  if (const Watcher* const later = watcher(3)) prefetch<4>(later);
  if (const Watcher* const soon = watcher(1)) soon->soon_ready();
}

void Poller::wait(int milliseconds) {
  fetched_ =
      ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
  for (next_ = 0; next_ < fetched_;) {
    bring_nearer();
    const epoll_event event = events_[static_cast<std::size_t>(next_++)];
    if (event.data.ptr != nullptr) static_cast<Watcher*>(event.data.ptr)->ready(event.events);
  }
}

}  // namespace vx11::inline v0::asio_detail
