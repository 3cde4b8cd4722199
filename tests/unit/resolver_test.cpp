// The cache of host names: which look-ups are made, shared and waited for, over a manual clock and
// a resolver of the test.

#include <vx11/socket/detail/resolver.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Duration;
using vx11::Errc;
using vx11::fail;
using vx11::ResolvedName;
using vx11::Result;
using vx11::socket_detail::Resolver;

namespace {

using Answer = Result<ResolvedName>;

Answer address(const std::string& text, std::optional<Duration> time_to_live = std::nullopt) {
  return ResolvedName{.addresses = {text}, .time_to_live = time_to_live};
}

/// Look-ups that wait until the test answers them. Shared with the threads of the resolver.
class Answers {
 public:
  Answer wait(const std::string& name) {
    std::promise<Answer> promise;
    auto answer = promise.get_future();
    {
      const std::lock_guard lock(mutex_);
      asked_.emplace(name, std::move(promise));
    }
    changed_.notify_all();
    return answer.get();
  }
  /// Waits for the next look-up and answers it.
  /// \return its name
  std::string give(Answer answer) {
    auto [name, promise] = next();
    promise.set_value(std::move(answer));
    return name;
  }
  /// Waits for the next look-up, which then hangs until the promise is fulfilled or destroyed.
  std::pair<std::string, std::promise<Answer>> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !asked_.empty(); });
    auto asked = std::move(asked_.front());
    asked_.pop();
    return asked;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<std::pair<std::string, std::promise<Answer>>> asked_;
};

/// One caller.
struct Caller {
  Caller(Resolver& resolver, const std::string& name)
      : waiting(resolver.look_up(
            name, [this](const Resolver::Found& found) { result.set_value(found); })) {}
  /// The first address, or the code of the failure.
  std::string first() {
    const auto found = result.get_future().get();
    return found ? found->at(0).host() : std::string(to_string(found.error().code));
  }
  std::promise<Resolver::Found> result;
  Resolver::Waiting waiting;
};

struct Resolving {
  explicit Resolving(std::size_t concurrent = 16)
      : resolver({.look_up = [answers =
                                  answers](const std::string& name) { return answers->wait(name); },
                  .concurrent = concurrent,
                  .clock = clock}) {}

  /// The cached address that needs no look-up; empty if there is none.
  std::string known(const std::string& name) const {
    const auto found = resolver.known(name);
    return found ? found->at(0).host() : std::string();
  }
  /// Looks a name up with this outcome.
  std::string learn(const std::string& name, Answer answer) {
    Caller caller(resolver, name);
    answers->give(std::move(answer));
    return caller.first();
  }

  vx11::testing::ManualClock clock;
  std::shared_ptr<Answers> answers = std::make_shared<Answers>();
  Resolver resolver;
};

}  // namespace

TEST_CASE_FIXTURE(Resolving, "addresses are known for 30 s, or for as long as the resolver says") {
  CHECK(known("a").empty());
  CHECK(learn("a", address("10.0.0.1")) == "10.0.0.1");
  CHECK(learn("b", address("10.0.0.2", 5s)) == "10.0.0.2");
  CHECK(known("a") == "10.0.0.1");
  CHECK(known("b") == "10.0.0.2");
  clock.advance(5s);
  CHECK(known("a") == "10.0.0.1");
  CHECK(known("b").empty());
  clock.advance(25s);
  CHECK(known("a").empty());
}

TEST_CASE_FIXTURE(Resolving, "callers share one look-up of a name") {
  Caller first(resolver, "a");
  Caller second(resolver, "a");
  CHECK(answers->give(address("10.0.0.1")) == "a");
  CHECK(first.first() == "10.0.0.1");
  CHECK(second.first() == "10.0.0.1");
  CHECK(resolver.look_ups() == 1);
}

TEST_CASE_FIXTURE(Resolving, "outdated addresses are known again once their look-up hangs") {
  learn("a", address("10.0.0.1"));
  clock.advance(30s);
  Caller caller(resolver, "a");
  auto hung = answers->next();
  CHECK(known("a").empty());
  clock.advance(resolver.patience());
  CHECK(known("a") == "10.0.0.1");
  hung.second.set_value(address("10.0.0.9"));
  CHECK(caller.first() == "10.0.0.9");
  CHECK(known("a") == "10.0.0.9");
}

TEST_CASE("outdated addresses are known again while their look-up waits for a place") {
  Resolving one(1);
  one.learn("b", address("10.0.0.2"));
  one.clock.advance(30s);
  Caller slow(one.resolver, "a");
  auto hung = one.answers->next();
  Caller caller(one.resolver, "b");
  CHECK(caller.waiting.queued());
  CHECK(one.known("b").empty());
  one.clock.advance(one.resolver.patience());
  CHECK(one.known("b") == "10.0.0.2");
  hung.second.set_value(address("10.0.0.1"));
  one.answers->give(address("10.0.0.3"));
  CHECK(caller.first() == "10.0.0.3");
}

TEST_CASE_FIXTURE(Resolving, "outdated addresses are used when their look-up fails, for an hour") {
  learn("a", address("10.0.0.1"));
  clock.advance(30s);
  CHECK(learn("a", fail(Errc::unavailable)) == "10.0.0.1");
  CHECK(known("a") == "10.0.0.1");
  clock.advance(1s);  // then it is tried again
  CHECK(known("a").empty());
  clock.advance(1h);
  CHECK(learn("a", fail(Errc::unavailable)) == "unreachable");
}

TEST_CASE_FIXTURE(Resolving, "a name that no longer exists is unknown at once") {
  learn("a", address("10.0.0.1"));
  clock.advance(30s);
  CHECK(learn("a", fail(Errc::unreachable)) == "unreachable");
  CHECK(known("a").empty());
}

TEST_CASE_FIXTURE(Resolving, "a look-up that throws, or that gives no address, is a failed one") {
  CHECK(learn("a", ResolvedName{}) == "unreachable");
  CHECK(learn("a", address("not an address")) == "unreachable");
  Caller caller(resolver, "a");
  { auto broken = answers->next(); }  // its promise throws
  CHECK(caller.first() == "unreachable");
}

TEST_CASE_FIXTURE(Resolving, "a name whose look-up hangs takes one place of several") {
  Caller slow(resolver, "slow");
  Caller slow_too(resolver, "slow");
  auto hung = answers->next();
  for (int i = 0; i < 32; ++i) CHECK(learn("other", address("10.0.0.2")) == "10.0.0.2");
  hung.second.set_value(address("10.0.0.1"));
  CHECK(slow.first() == "10.0.0.1");
  CHECK(slow_too.first() == "10.0.0.1");
}

TEST_CASE("with all places taken a look-up waits for one, in order of arrival") {
  Resolving one(1);
  Caller first(one.resolver, "a");
  auto running = one.answers->next();
  Caller second(one.resolver, "b");
  Caller third(one.resolver, "c");
  CHECK_FALSE(first.waiting.queued());
  CHECK(second.waiting.queued());
  running.second.set_value(address("10.0.0.1"));
  CHECK(one.answers->give(address("10.0.0.2")) == "b");
  CHECK(one.answers->give(address("10.0.0.3")) == "c");
  CHECK(third.first() == "10.0.0.3");
}

TEST_CASE_FIXTURE(Resolving,
                  "a caller that leaves is not called, and the look-up still helps others") {
  auto leaving = std::make_unique<Caller>(resolver, "a");
  auto running = answers->next();
  leaving.reset();
  Caller other(resolver, "a");
  running.second.set_value(address("10.0.0.1"));
  CHECK(other.first() == "10.0.0.1");
  CHECK(resolver.look_ups() == 1);
}

TEST_CASE_FIXTURE(Resolving,
                  "addresses that did not answer are looked up anew, at most once a second") {
  learn("a", address("10.0.0.1"));
  CHECK_FALSE(resolver.distrust("a"));
  CHECK(known("a") == "10.0.0.1");
  clock.advance(1s);
  CHECK(resolver.distrust("a"));
  CHECK(known("a").empty());
  CHECK(learn("a", address("10.0.0.2")) == "10.0.0.2");
  CHECK_FALSE(resolver.distrust("unknown"));
}

TEST_CASE("a resolver may end while a look-up hangs") {
  auto answers = std::make_shared<Answers>();
  std::promise<Answer> hung;
  {
    Resolver resolver(
        {.look_up = [answers](const std::string& name) { return answers->wait(name); }});
    Caller caller(resolver, "a");
    hung = answers->next().second;
  }
  hung.set_value(address("10.0.0.1"));
}
