#include "threads/single_flight.hpp"

#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include <doctest/doctest.h>

#include "health_fakes.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using namespace vx11::fakes;

namespace {

using Flight = SingleFlight<int>;
using Caller = Running<Flight::Value>;

/// A call that the test ends, and what it saw.
struct Call {
  Baton baton = {};
  int begun = 0;
  std::stop_token stop = {};
  bool throws = false;
};

Task<int> waiting(Call& call) {
  co_await call.baton;
  if (call.throws) throw std::runtime_error("scripted");
  co_return 7;
}

struct Begin {
  Call* call;
  Task<int> operator()(std::stop_token stop) const {
    ++call->begun;
    call->stop = std::move(stop);
    return waiting(*call);
  }
};

Task<int> seven() {
  co_return 7;
}

}  // namespace

TEST_CASE("one call runs, and all that join meanwhile get the same value") {
  const auto flight = std::make_shared<Flight>(SteadyClock());
  Call call;
  Caller first(Flight::join(flight, Begin{&call}, {}));
  Caller second(Flight::join(flight, Begin{&call}, {}));
  CHECK(call.begun == 1);
  call.baton.pass();
  const Flight::Value value = first.result();
  REQUIRE(value);
  CHECK(*value == 7);
  CHECK(second.result() == value);
}

TEST_CASE("a call that never suspends ends on the caller's thread") {
  const auto flight = std::make_shared<Flight>(SteadyClock());
  const auto begin = [](const std::stop_token&) { return seven(); };
  for (int i = 0; i < 3; ++i) CHECK(*sync_wait(Flight::join(flight, begin, {})) == 7);
}

TEST_CASE("time for a caller is taken from the flight's clock") {
  testing::ManualClock clock;
  const auto flight = std::make_shared<Flight>(clock);
  Call call;
  Caller staying(Flight::join(flight, Begin{&call}, Deadline(clock.now() + 1h)));
  clock.advance(1h);
  CHECK_FALSE(sync_wait(Flight::join(flight, Begin{&call}, Deadline(clock.now()))));
  CHECK(call.begun == 1);
  CHECK_FALSE(call.stop.stop_requested());
  call.baton.pass();
  CHECK(staying.result());
}

TEST_CASE("a caller that leaves does not cancel the call, the last one does") {
  const auto flight = std::make_shared<Flight>(SteadyClock());
  Call call;
  std::stop_source first_leaves;
  std::stop_source second_leaves;
  Caller first(
      Flight::join(flight, Begin{&call}, Deadline(TimePoint::max(), first_leaves.get_token())));
  Caller second(
      Flight::join(flight, Begin{&call}, Deadline(TimePoint::max(), second_leaves.get_token())));
  first_leaves.request_stop();
  CHECK_FALSE(first.result());
  CHECK_FALSE(call.stop.stop_requested());
  second_leaves.request_stop();
  CHECK_FALSE(second.result());
  CHECK(call.stop.stop_requested());

  Call next_call;
  Caller next(Flight::join(flight, Begin{&next_call}, {}));
  CHECK(next_call.begun == 1);
  call.baton.pass();
  CHECK_FALSE(next.has_ended());
  next_call.baton.pass();
  CHECK(next.result());
}

TEST_CASE("a call that was superseded ends for those it had, and is joined by none") {
  const auto flight = std::make_shared<Flight>(SteadyClock());
  Call old_call;
  Call new_call;
  Caller old_caller(Flight::join(flight, Begin{&old_call}, {}));
  flight->supersede();
  Caller new_caller(Flight::join(flight, Begin{&new_call}, {}));
  CHECK(new_call.begun == 1);
  old_call.baton.pass();
  CHECK(old_caller.result());
  CHECK_FALSE(new_caller.has_ended());
  new_call.baton.pass();
  CHECK(new_caller.result());
}

TEST_CASE("an exception of the call reaches each of its callers") {
  const auto flight = std::make_shared<Flight>(SteadyClock());
  Call call;
  call.throws = true;
  Caller first(Flight::join(flight, Begin{&call}, {}));
  Caller second(Flight::join(flight, Begin{&call}, {}));
  call.baton.pass();
  CHECK_THROWS_AS(first.result(), std::runtime_error);
  CHECK_THROWS_AS(second.result(), std::runtime_error);
}

TEST_CASE("a call that cannot be begun fails, and the next caller begins anew") {
  const auto flight = std::make_shared<Flight>(SteadyClock());
  const auto refuse = [](const std::stop_token&) -> Task<int> {
    throw std::runtime_error("scripted");
  };
  CHECK_THROWS_AS(sync_wait(Flight::join(flight, refuse, {})), std::runtime_error);
  const auto begin = [](const std::stop_token&) { return seven(); };
  CHECK(*sync_wait(Flight::join(flight, begin, {})) == 7);
}

TEST_CASE("a caller may destroy the flight's last owner") {
  Call call;
  auto flight = std::make_shared<Flight>(SteadyClock());
  Caller caller(Flight::join(std::exchange(flight, nullptr), Begin{&call}, {}));
  call.baton.pass();
  CHECK(caller.result());
}
