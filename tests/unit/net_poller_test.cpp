#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/eventfd.h>

#include "net/loop/poller.hpp"

using vx11::net_detail::Poller;

namespace {

/// Watches something that is ready whenever it is kicked, and writes down that it was told.
class Told final : Poller::Watcher {
 public:
  Told(Poller& poller, std::string& told, char name, Poller::Priority priority)
      : Watcher(priority), poller_(poller), told_(told), name_(name) {
    poller_.add(event_, *this);
  }
  ~Told() { poller_.remove(event_, *this); }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;

  /// Makes it readable, or no longer; either is a change.
  void kick() const { ::eventfd_write(event_.get(), 1); }
  void drain() const {
    eventfd_t number = 0;
    ::eventfd_read(event_.get(), &number);
  }

  std::unique_ptr<Told>* ends = nullptr;  ///< Whom it ends when it is told.
  Told* kicks = nullptr;                  ///< Whom it kicks then.
  mutable int looked_at = 0;
  std::uint32_t events = 0;

 private:
  void ready(std::uint32_t now) override {
    told_ += name_;
    events = now;
    if (ends != nullptr) ends->reset();
    if (kicks != nullptr) kicks->kick();
  }
  void soon_ready() const noexcept override { ++looked_at; }

  Poller& poller_;
  std::string& told_;
  char name_;
  vx11::socket_detail::Fd event_{::eventfd(1, EFD_NONBLOCK)};
};

/// A poller and those it tells, each of which has something to be told from the start.
struct Watched {
  Told& add(char name, Poller::Priority priority) {
    return *watchers.emplace_back(std::make_unique<Told>(poller, told, name, priority));
  }
  void add(int count, char name, Poller::Priority priority) {
    for (int i = 0; i < count; ++i) add(name, priority);
  }
  /// Whom it tells in its next turn, in that order.
  std::string turn() {
    told.clear();
    poller.turn(0);
    return told;
  }

  Poller poller;
  std::string told;
  std::vector<std::unique_ptr<Told>> watchers;
};

constexpr auto kResults = Poller::Priority::results;
constexpr auto kNewWork = Poller::Priority::new_work;

}  // namespace

TEST_CASE("results are told of before new work, each in the order in which they came") {
  Watched of;
  of.add('a', kNewWork);
  of.add('1', kResults);
  of.add('b', kNewWork);
  of.add('2', kResults);
  CHECK(of.turn() == "12ab");
  CHECK_FALSE(of.poller.has_more());
}

TEST_CASE("a turn tells of a few changes, and results that come meanwhile are first in the next") {
  Watched of;
  of.add(30, 'n', kNewWork);
  CHECK(of.turn() == std::string(16, 'n'));
  CHECK(of.poller.has_more());
  of.add(2, 'r', kResults);
  CHECK(of.turn() == "rr" + std::string(14, 'n'));
  CHECK_FALSE(of.poller.has_more());
  CHECK(of.turn().empty());
}

TEST_CASE("a turn tells of half of what is queued, but not of many") {
  Watched of;
  of.add(100, 'n', kNewWork);
  CHECK(of.turn() == std::string(50, 'n'));
  CHECK(of.turn() == std::string(25, 'n'));
  CHECK(of.turn() == std::string(16, 'n'));
  CHECK(of.turn() == std::string(9, 'n'));
  of.add(200, 'n', kNewWork);
  CHECK(of.turn() == std::string(64, 'n'));
}

TEST_CASE("new work gets on however many results there are") {
  Watched of;
  of.add(100, 'r', kResults);
  of.add(28, 'n', kNewWork);
  CHECK(of.turn() == std::string(64, 'r') + std::string(16, 'n'));
  CHECK(of.turn() == std::string(24, 'r') + std::string(6, 'n'));
  CHECK(of.turn() == std::string(12, 'r') + "nnnn");
}

TEST_CASE("what changes again before it is told of is told once, with all that has changed") {
  Watched of;
  of.add(16, 'n', kNewWork);
  Told& readable_before = of.add('x', kNewWork);
  Told& readable_since = of.add('y', kNewWork);
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

TEST_CASE("what changes while it is told of is told again") {
  Watched of;
  Told& itself = of.add('a', kNewWork);
  itself.kicks = &itself;
  CHECK(of.turn() == "a");
  itself.kicks = nullptr;
  CHECK(of.turn() == "a");
  CHECK(of.turn().empty());
}

TEST_CASE("a watcher that the one before it has ended is neither told nor looked at") {
  Watched of;
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) of.add(name, kNewWork);
  of.watchers[0]->ends = &of.watchers[2];
  of.watchers[1]->ends = &of.watchers[4];
  CHECK(of.turn() == "abd");
  CHECK(of.watchers[0]->looked_at == 0);
  CHECK(of.watchers[1]->looked_at == 1);
}

TEST_CASE("a watcher that ends between two turns is not told in the next") {
  Watched of;
  of.add(16, 'n', kNewWork);
  for (const char name : {'x', 'y', 'z'}) of.add(name, kNewWork);
  CHECK(of.turn() == std::string(16, 'n'));
  of.watchers[17].reset();
  CHECK(of.turn() == "xz");
}
