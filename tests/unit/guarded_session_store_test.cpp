// A store that is slow or fails costs a chat its memory, and no longer than the limit.
#include <vx11/store/guarded.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <coroutine>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

#include "recorded_events.hpp"
#include "session_store_suite.hpp"
#include "threads/detached.hpp"

using namespace session_store_suite_parts;
using vx11::CircuitState;
using vx11::GuardedSessionStore;
using vx11::Result;
using vx11::Task;

namespace {

/// A store in memory that fails on demand, or suspends each operation until the test ends it.
class Moody final : public SessionStore {
 public:
  explicit Moody(const ManualClock& clock)
      : inner_(vx11::make_memory_session_store({.clock = clock, .wall_clock = clock})) {}

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override {
    co_await pause();
    if (fails) co_return failure();
    auto reading = inner_->recent(std::move(id), count);
    co_return co_await std::move(reading);
  }
  Task<Result<std::optional<Session>>> find(std::string id) override {
    co_await pause();
    if (fails) co_return failure();
    auto finding = inner_->find(std::move(id));
    co_return co_await std::move(finding);
  }
  Task<Result<void>> append(std::string id, std::string user_id, Turn said) override {
    co_await pause();
    if (fails) co_return failure();
    auto appending = inner_->append(std::move(id), std::move(user_id), std::move(said));
    co_return co_await std::move(appending);
  }

  void end_all() {
    for (const auto waiting : std::exchange(waiting_, {})) waiting.resume();
  }
  std::size_t under_way() const { return waiting_.size(); }

  bool fails = false;
  vx11::Errc code = vx11::Errc::storage;  ///< Of failures.
  bool hangs = false;

 private:
  struct Pause {
    Moody& store;
    bool await_ready() const noexcept { return !store.hangs; }
    void await_suspend(std::coroutine_handle<> waiting) { store.waiting_.push_back(waiting); }
    void await_resume() const noexcept {}
  };
  Pause pause() noexcept { return Pause{*this}; }
  tl::unexpected<vx11::Error> failure() const { return vx11::fail(code, "moody"); }

  std::shared_ptr<SessionStore> inner_;
  std::vector<std::coroutine_handle<>> waiting_;
};

struct Site {
  explicit Site(std::uint32_t failures = 3) {
    options.breaker.failures_to_open = failures;
    store = std::make_shared<GuardedSessionStore>(inner, options);
  }

  template <class T>
  static Task<void> keep_result(Task<T> running, std::shared_ptr<std::optional<T>> into) {
    *into = co_await std::move(running);
  }
  /// Starts an operation; its result appears when it has one.
  template <class T>
  std::shared_ptr<std::optional<T>> start(Task<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    vx11::run_detached(store, keep_result(std::move(task), result));
    return result;
  }
  auto append_later() { return start(store->append("s", "u", turn("1"))); }

  ManualClock clock;
  std::shared_ptr<vx11::testing::ManualTimer> timer =
      std::make_shared<vx11::testing::ManualTimer>(clock);
  std::shared_ptr<Moody> inner = std::make_shared<Moody>(clock);
  vx11::GuardedStoreOptions options{.timeout = 250ms, .timer = timer, .clock = clock};
  std::shared_ptr<GuardedSessionStore> store;
};

}  // namespace

TEST_CASE("a guarded store does what every store does") {
  session_store_suite([](const SessionLimits& limits, const ManualClock& clock) {
    return std::make_shared<GuardedSessionStore>(
        vx11::make_memory_session_store({.limits = limits, .clock = clock, .wall_clock = clock}));
  });
}

TEST_CASE_FIXTURE(Site, "an operation is waited for no longer than the limit") {
  inner->hangs = true;
  const auto stored = append_later();
  timer->advance(249ms);
  CHECK_FALSE(stored->has_value());
  timer->advance(1ms);
  REQUIRE(stored->has_value());
  REQUIRE_FALSE(**stored);
  CHECK((*stored)->error().code == vx11::Errc::storage);
  CHECK((*stored)->error().detail == "the session store did not answer in time");
  CHECK(store->timed_out() == 1);
  CHECK(store->writes_under_way() == 1);
  CHECK(store->reads_under_way() == 0);
  CHECK(timer->sleepers() == 0);
  CHECK(store->write_times().read().sum == doctest::Approx(0.25));
  CHECK(store->read_times().read().sum == 0);
  // Without its caller it still ends, and keeps all it needs until then.
  inner->hangs = false;
  inner->end_all();
  CHECK(store->writes_under_way() == 0);
  CHECK(recent(*store, "s").size() == 2);
  CHECK(store->reads_under_way() == 0);
  CHECK(store->read_times().read().buckets[0].count == 1);  // ready at once
}

TEST_CASE_FIXTURE(Site, "sessions that cannot be read do not leave the store out for all") {
  inner->fails = true;
  inner->code = vx11::Errc::invalid_reply;
  for (bool hangs : {false, true}) {
    inner->hangs = hangs;
    for (int i = 0; i < 10; ++i) {
      const auto stored = append_later();
      inner->end_all();
      REQUIRE(stored->has_value());
      CHECK((*stored)->error().detail == "moody");
    }
  }
  CHECK(store->writing().state() == CircuitState::closed);
}

TEST_CASE_FIXTURE(Site, "a store that cannot delete is not left out for it") {
  for (int i = 0; i < 10; ++i) {
    const auto erased = vx11::sync_wait(store->erase("s"));
    REQUIRE_FALSE(erased);
    CHECK(erased.error().detail == "this store deletes no sessions");
  }
  CHECK(store->writing().state() == CircuitState::closed);
  inner->fails = true;
  for (int i = 0; i < 3; ++i) CHECK_FALSE(vx11::sync_wait(store->append("s", "u", turn("1"))));
  const auto left_out = vx11::sync_wait(store->erase("s"));
  CHECK(left_out.error().detail == "the session store is left out after failures");
  clock.advance(5s);
  CHECK_FALSE(vx11::sync_wait(store->erase("s")));
  CHECK(store->writing().state() != CircuitState::closed);  // it was no probe
  inner->fails = false;
  append(*store, "s", turn("back"));
  CHECK(store->writing().state() == CircuitState::closed);
}

TEST_CASE_FIXTURE(Site, "the question of a summary that was left outlives its caller") {
  inner->hangs = true;
  std::optional<std::string> question = std::string(100, 'q');
  const auto text = start(store->summary("s", *question));
  timer->advance(250ms);
  REQUIRE(text->has_value());
  CHECK_FALSE(**text);
  question.reset();
  store.reset();
  inner->end_all();  // ASan looks at what it reads
}

TEST_CASE_FIXTURE(Site, "an operation that ends in time leaves no alarm") {
  inner->hangs = true;
  const auto stored = append_later();
  timer->advance(100ms);
  inner->end_all();
  REQUIRE(stored->has_value());
  CHECK(**stored);
  CHECK(timer->sleepers() == 0);
  CHECK(store->timed_out() == 0);
}

TEST_CASE_FIXTURE(Site, "after a few failures in a row writing is left out, and tried again") {
  std::vector<std::string> changes;
  options.breaker.on_transition = [&](const vx11::CircuitTransition& change) {
    changes.push_back(std::string(change.name) + " " + std::string(to_string(change.to)));
  };
  store = std::make_shared<GuardedSessionStore>(inner, options);
  inner->fails = true;
  for (int i = 0; i < 3; ++i) {
    const auto stored = vx11::sync_wait(store->append("s", "u", turn("1")));
    REQUIRE_FALSE(stored);
    CHECK(stored.error().detail == "moody");
  }
  inner->fails = false;
  const auto left_out = vx11::sync_wait(store->append("s", "u", turn("1")));
  REQUIRE_FALSE(left_out);
  CHECK(left_out.error().detail == "the session store is left out after failures");
  CHECK(store->writing().state() == CircuitState::open);
  CHECK(store->reading().state() == CircuitState::closed);
  CHECK(recent(*store, "s").empty());  // reading is not left out
  clock.advance(5s);
  append(*store, "s", turn("2"));
  append(*store, "s", turn("3"));
  CHECK(recent(*store, "s").size() == 4);
  CHECK(changes == std::vector<std::string>{"session_write open", "session_write half_open",
                                            "session_write closed"});
}

TEST_CASE_FIXTURE(Site, "a store that hangs is left out, and holds up only the probes") {
  inner->hangs = true;
  std::vector<decltype(append_later())> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(append_later());
  timer->advance(250ms);
  for (const auto& stored : waiting) CHECK(stored->has_value());
  CHECK(inner->under_way() == 3);
  for (int i = 0; i < 10; ++i) CHECK(append_later()->has_value());
  CHECK(inner->under_way() == 3);
  timer->advance(5s);
  const auto probe = append_later();
  CHECK_FALSE(probe->has_value());
  CHECK(append_later()->has_value());  // one probe at a time
  timer->advance(250ms);
  CHECK(probe->has_value());
  timer->advance(5s);  // the open time has grown
  CHECK(append_later()->has_value());
  CHECK(inner->under_way() == 4);
  inner->hangs = false;
  inner->end_all();
  timer->advance(5s);
  append(*store, "s", turn("back"));
  CHECK(store->writing().state() == CircuitState::closed);
}

TEST_CASE_FIXTURE(Site, "failures, timeouts and operations that are left out are events") {
  const auto events = record_events();
  options.events = events;
  options.breaker.failures_to_open = 2;
  store = std::make_shared<GuardedSessionStore>(inner, options);
  events->during = [this] { static_cast<void>(store->writing().snapshot()); };
  inner->fails = true;
  CHECK_FALSE(vx11::sync_wait(store->append("s", "u", turn("1"))));
  inner->hangs = true;
  const auto stored = append_later();
  timer->advance(250ms);
  CHECK_FALSE(vx11::sync_wait(store->append("s", "u", turn("2"))));
  CHECK(events->words() ==
        std::vector<std::string>{"store.failed storage", "store.timed_out", "circuit.opened closed",
                                 "circuit.rejected circuit_open", "store.left_out"});
  for (const RecordedEvent& event : events->all()) CHECK(event.name == "session_write");
  CHECK(events->all()[1].duration == 250ms);
  CHECK(events->all()[4].duration > 0ms);
  inner->end_all();
}
