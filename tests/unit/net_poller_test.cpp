#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "net/loop/poller.hpp"
#include "net/socket/channel.hpp"
#include "threads/detached.hpp"

using vx11::net_detail::Channel;
using vx11::net_detail::Loop;
using vx11::net_detail::Poller;
using vx11::net_detail::Socket;

namespace {

/// Watches an eventfd and records each notification.
class RecordingWatcher final : Poller::Watcher {
 public:
  RecordingWatcher(Poller& poller, std::string& order, char name, Poller::Priority priority)
      : Watcher(priority), poller_(poller), order_(order), name_(name) {
    poller_.add(event_, *this);
  }
  ~RecordingWatcher() { poller_.remove(event_, *this); }
  RecordingWatcher(const RecordingWatcher&) = delete;
  RecordingWatcher& operator=(const RecordingWatcher&) = delete;

  /// Makes it readable, or no longer; either is a change.
  void kick() const { ::eventfd_write(event_.get(), 1); }
  void drain() const {
    eventfd_t number = 0;
    ::eventfd_read(event_.get(), &number);
  }

  std::unique_ptr<RecordingWatcher>* ends = nullptr;  ///< Destroyed when this is notified.
  RecordingWatcher* kicks = nullptr;                  ///< Kicked when this is notified.
  mutable int looked_at = 0;
  std::uint32_t events = 0;

 private:
  void ready(std::uint32_t now) override {
    order_ += name_;
    events = now;
    if (ends != nullptr) ends->reset();
    if (kicks != nullptr) kicks->kick();
  }
  void soon_ready() const noexcept override { ++looked_at; }

  Poller& poller_;
  std::string& order_;
  char name_;
  vx11::socket_detail::Fd event_{::eventfd(1, EFD_NONBLOCK)};
};

/// A poller and its watchers, each ready from the start.
struct Watched {
  RecordingWatcher& add(char name, Poller::Priority priority) {
    return *watchers.emplace_back(
        std::make_unique<RecordingWatcher>(poller, order, name, priority));
  }
  void add(int count, char name, Poller::Priority priority) {
    for (int i = 0; i < count; ++i) add(name, priority);
  }
  /// The watchers notified in the next turn, in that order.
  std::string turn() {
    order.clear();
    poller.turn(0);
    return order;
  }

  Poller poller;
  std::string order;
  std::vector<std::unique_ptr<RecordingWatcher>> watchers;
};

/// Counts what it asks the socket for.
class CountingChannel final : public Channel {
 public:
  using Channel::Channel;
  int reads = 0;

 private:
  IoResult try_read(char* into, std::size_t size) noexcept override {
    ++reads;
    return Channel::try_read(into, size);
  }
};

/// Moves what arrives to `text`, until the channel is closed.
vx11::Detached receive(std::shared_ptr<CountingChannel> channel, std::string& text) {
  for (bool more = true; more;) {
    more = co_await channel->wait_readable();
    text += channel->unread();
    channel->consume(channel->unread().size());
  }
}

/// Both ends of a connection.
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0); }
  int ends[2] = {};
};

constexpr auto kResults = Poller::Priority::results;
constexpr auto kNewWork = Poller::Priority::new_work;

}  // namespace

TEST_CASE("results are dispatched before new work, each in order of arrival") {
  Watched of;
  of.add('a', kNewWork);
  of.add('1', kResults);
  of.add('b', kNewWork);
  of.add('2', kResults);
  CHECK(of.turn() == "12ab");
  CHECK_FALSE(of.poller.has_more());
}

TEST_CASE("a turn dispatches a few events, and results that arrive meanwhile lead the next") {
  Watched of;
  of.add(30, 'n', kNewWork);
  CHECK(of.turn() == std::string(16, 'n'));
  CHECK(of.poller.has_more());
  of.add(2, 'r', kResults);
  CHECK(of.turn() == "rr" + std::string(14, 'n'));
  CHECK_FALSE(of.poller.has_more());
  CHECK(of.turn().empty());
}

TEST_CASE("a turn dispatches half of the queued events, up to a limit") {
  Watched of;
  of.add(100, 'n', kNewWork);
  CHECK(of.turn() == std::string(50, 'n'));
  CHECK(of.turn() == std::string(25, 'n'));
  CHECK(of.turn() == std::string(16, 'n'));
  CHECK(of.turn() == std::string(9, 'n'));
  of.add(200, 'n', kNewWork);
  CHECK(of.turn() == std::string(64, 'n'));
}

TEST_CASE("new work progresses however many results there are") {
  Watched of;
  of.add(100, 'r', kResults);
  of.add(28, 'n', kNewWork);
  CHECK(of.turn() == std::string(64, 'r') + std::string(16, 'n'));
  CHECK(of.turn() == std::string(24, 'r') + std::string(6, 'n'));
  CHECK(of.turn() == std::string(12, 'r') + "nnnn");
}

TEST_CASE("events before the dispatch are merged into one notification") {
  Watched of;
  of.add(16, 'n', kNewWork);
  RecordingWatcher& readable_before = of.add('x', kNewWork);
  RecordingWatcher& readable_since = of.add('y', kNewWork);
  readable_since.drain();
  CHECK(of.turn() == std::string(16, 'n'));
  readable_before.drain();
  readable_since.kick();
  of.watchers.front()->kick();
  CHECK(of.turn() == "xyn");
  CHECK((readable_before.events & EPOLLIN) != 0);
  CHECK((readable_since.events & EPOLLIN) != 0);
  CHECK(of.turn().empty());
}

TEST_CASE("an event during the dispatch is dispatched again") {
  Watched of;
  RecordingWatcher& itself = of.add('a', kNewWork);
  itself.kicks = &itself;
  CHECK(of.turn() == "a");
  itself.kicks = nullptr;
  CHECK(of.turn() == "a");
  CHECK(of.turn().empty());
}

TEST_CASE("a watcher that an earlier one destroyed is neither notified nor accessed") {
  Watched of;
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) of.add(name, kNewWork);
  of.watchers[0]->ends = &of.watchers[2];
  of.watchers[1]->ends = &of.watchers[4];
  CHECK(of.turn() == "abd");
  CHECK(of.watchers[0]->looked_at == 0);
  CHECK(of.watchers[1]->looked_at == 1);
}

TEST_CASE("a watcher destroyed between two turns is not notified in the next") {
  Watched of;
  of.add(16, 'n', kNewWork);
  for (const char name : {'x', 'y', 'z'}) of.add(name, kNewWork);
  CHECK(of.turn() == std::string(16, 'n'));
  of.watchers[17].reset();
  CHECK(of.turn() == "xz");
}

TEST_CASE("a channel receives only after an event with input") {
  Loop loop;
  const Pair pair;
  const Socket peer(pair.ends[1]);
  const auto channel = std::make_shared<CountingChannel>(loop, Socket(pair.ends[0]));
  std::string text;
  receive(channel, text);
  loop.poller.turn(0);  // it can be written to
  CHECK(channel->reads == 0);
  REQUIRE(::send(peer.get(), "one ", 4, 0) == 4);
  loop.poller.turn(0);
  REQUIRE(::send(peer.get(), "two", 3, 0) == 3);
  loop.poller.turn(0);
  CHECK(channel->reads == 2);
  ::shutdown(peer.get(), SHUT_WR);
  loop.poller.turn(0);
  CHECK(channel->reads == 3);
  CHECK(text == "one two");
  CHECK(channel->close_reason() == vx11::net_detail::CloseReason::closed);
}
