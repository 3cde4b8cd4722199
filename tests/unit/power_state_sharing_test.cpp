#include <vx11/power_state_client.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/transport/in_process.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "health_fakes.hpp"
#include "held_transport.hpp"
#include "threads/workers.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using namespace vx11::fakes;

namespace {

using Asking = Running<Result<PowerState>>;

constexpr const char* kOrigin = "http://madre:8001";
constexpr const char* kSolo =
    R"({"policy":"solo_madre","window_id":null,"active_services":["madre","redis"]})";
constexpr const char* kFull =
    R"({"policy":"full","active_windows":[],"running_services":["madre"]})";

/// A client of a madre that answers when the test releases it.
struct Madre {
  explicit Madre(Duration reuse_for = {}) : reuse_for(reuse_for) {}

  Duration reuse_for;
  testing::ManualClock clock = {};
  std::shared_ptr<HeldTransport> transport = std::make_shared<HeldTransport>();
  std::shared_ptr<CircuitBreaker> breaker =
      std::make_shared<CircuitBreaker>(CircuitBreakerOptions{}, clock);
  PowerStateClient client = PowerStateClient(
      transport, kOrigin,
      {.reuse_for = reuse_for, .breaker = breaker, .clock = clock, .wall_clock = clock});

  Deadline within(Duration time, std::stop_token stop = {}) const {
    return Deadline::after(clock.now(), time, std::move(stop));
  }
};

/// Suspends each call and ends it on a worker.
class HoppingTransport final : public Transport {
 public:
  using Transport::send;
  bool blocks() const noexcept override { return false; }
  Task<Result<HttpResponse>> send(const HttpRequest& /*request*/, Deadline /*deadline*/) override {
    Hop hop{workers_};
    co_await hop;
    ++calls;
    co_return HttpResponse(200, "application/json", kSolo);
  }
  std::atomic<int> calls = 0;

 private:
  struct Hop {
    Workers& workers;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      workers.run([waiting] { waiting.resume(); });
    }
    void await_resume() const noexcept {}
  };
  Workers workers_{2};
};

}  // namespace

TEST_CASE("all requests for the state during a call get its answer") {
  Madre madre;
  const PowerStateClient copy = madre.client;
  std::vector<std::unique_ptr<Asking>> callers;
  for (int i = 0; i < 50; ++i) {
    const PowerStateClient& client = i % 2 == 0 ? madre.client : copy;
    callers.push_back(std::make_unique<Asking>(client.async_state()));
  }
  CHECK(madre.transport->calls() == 1);
  CHECK_FALSE(callers.front()->has_ended());

  madre.transport->answer(0, kFull);
  for (const auto& caller : callers) CHECK(caller->result()->policy == PowerPolicy::full);

  Asking later(madre.client.async_state());
  CHECK(madre.transport->calls() == 2);
  madre.transport->answer(1, kSolo);
  CHECK(later.result()->policy == PowerPolicy::solo_madre);
}

TEST_CASE("a state says when madre was asked and how old it can be") {
  Madre madre;
  const WallTime asked_at = madre.clock.wall_now();
  Asking first(madre.client.async_state());
  madre.clock.advance(7ms);
  Asking second(madre.client.async_state());
  madre.clock.advance(5ms);
  madre.transport->answer(0, kSolo);
  for (Asking* asking : {&first, &second}) {
    const auto state = asking->result();
    REQUIRE(state);
    CHECK(state->checked_at == asked_at);
    CHECK(state->age == 12ms);
  }
}

TEST_CASE("a good state is reused for the time allowed, and its age is counted on") {
  Madre madre(10ms);
  Asking first(madre.client.async_state());
  madre.clock.advance(3ms);
  madre.transport->answer(0, kFull);
  CHECK(first.result()->age == 3ms);
  const PowerStateClient copy = madre.client;
  madre.clock.advance(9ms);
  for (int i = 0; i < 10'000; ++i) {
    Asking again(copy.async_state());
    REQUIRE(again.has_ended());
    CHECK(again.result()->policy == PowerPolicy::full);
    CHECK(again.result()->age == 12ms);
  }
  CHECK(madre.transport->calls() == 1);
  madre.clock.advance(1ms);
  Asking later(madre.client.async_state());
  CHECK(madre.transport->calls() == 2);
  madre.transport->answer(1, kSolo);
  CHECK(later.result()->policy == PowerPolicy::solo_madre);
}

TEST_CASE("a state is not reused past a command, and an error never") {
  Madre madre(1h);
  Asking first(madre.client.async_state());
  madre.transport->answer(0, "<html>");
  CHECK_FALSE(first.result());
  Asking second(madre.client.async_state());
  madre.transport->answer(1, kSolo);
  CHECK(second.result());
  Running<Result<MadreReply>> opening(madre.client.async_open_window({.services = {"switch"}}));
  Asking during(madre.client.async_state());
  CHECK(during.has_ended());
  madre.transport->answer(2, "{}");
  Asking after(madre.client.async_state());
  REQUIRE(madre.transport->calls() == 4);
  madre.transport->answer(3, kFull);
  CHECK(after.result()->policy == PowerPolicy::full);
  CHECK(opening.result());
}

TEST_CASE("a state whose call began before a command was answered is not kept") {
  Madre madre(1h);
  Running<Result<MadreReply>> opening(madre.client.async_open_window({.services = {"switch"}}));
  Asking before(madre.client.async_state());
  madre.transport->answer(0, "{}");
  madre.transport->answer(1, kSolo);
  CHECK(before.result()->policy == PowerPolicy::solo_madre);
  Asking after(madre.client.async_state());
  REQUIRE(madre.transport->calls() == 3);
  madre.transport->answer(2, kFull);
  CHECK(after.result()->policy == PowerPolicy::full);
  CHECK(opening.result());
}

TEST_CASE("an error is shared too, and counts once") {
  Madre madre;
  Asking first(madre.client.async_state());
  Asking second(madre.client.async_state());
  madre.transport->answer(0, "<html>");
  CHECK(first.result().error().code == Errc::invalid_reply);
  CHECK(second.result().error().code == Errc::invalid_reply);
  CHECK(madre.breaker->snapshot().failures == 1);
}

TEST_CASE("a caller leaves at its own deadline, and the call continues for the others") {
  Madre madre;
  Asking hurried(madre.client.async_state(madre.within(1ms)));
  Asking patient(madre.client.async_state());
  const Error error = hurried.result().error();
  CHECK(error.code == Errc::timeout);
  CHECK(error.detail == "no answer within 1ms");
  CHECK(error.upstream == "madre");
  CHECK_FALSE(patient.has_ended());
  CHECK_FALSE(madre.transport->cancelled(0));
  madre.transport->answer(0, kSolo);
  CHECK(patient.result());
}

TEST_CASE("a caller that is cancelled leaves, and the call continues for the others") {
  Madre madre;
  std::stop_source interest;
  Asking leaving(madre.client.async_state(madre.within(60s, interest.get_token())));
  Asking staying(madre.client.async_state());
  interest.request_stop();
  CHECK(leaving.result().error().code == Errc::cancelled);
  CHECK_FALSE(staying.has_ended());
  CHECK_FALSE(madre.transport->cancelled(0));
  madre.transport->answer(0, kSolo);
  CHECK(staying.result());
}

TEST_CASE(
    "when the last caller has left the call is cancelled, counts for nothing, and the next "
    "caller begins anew") {
  Madre madre;
  std::stop_source interest;
  Asking first(madre.client.async_state(madre.within(60s, interest.get_token())));
  Asking second(madre.client.async_state(madre.within(60s, interest.get_token())));
  interest.request_stop();
  CHECK(first.result().error().code == Errc::cancelled);
  CHECK(second.result().error().code == Errc::cancelled);
  while (!madre.transport->cancelled(0)) std::this_thread::yield();
  CHECK(madre.breaker->snapshot().failures == 0);

  Asking next(madre.client.async_state());
  CHECK(madre.transport->calls() == 2);
  madre.transport->answer(1, kSolo);
  CHECK(next.result());
}

TEST_CASE("a caller past its deadline or cancelled neither asks nor joins") {
  Madre madre;
  std::stop_source gone;
  gone.request_stop();
  CHECK(madre.client.state(madre.within(60s, gone.get_token())).error().code == Errc::cancelled);
  CHECK(madre.client.state(madre.within(0s)).error().code == Errc::timeout);
  CHECK(madre.transport->calls() == 0);
}

TEST_CASE("a state is never older than a command that was answered before it was asked for") {
  Madre madre;
  Asking before(madre.client.async_state());
  const PowerStateClient copy = madre.client;
  Running<Result<MadreReply>> command(copy.async_start("switch"));
  Asking during(madre.client.async_state());
  CHECK(madre.transport->calls() == 2);
  madre.transport->answer(1, "{}");
  CHECK(command.result());

  Asking after(madre.client.async_state());
  REQUIRE(madre.transport->calls() == 3);
  madre.transport->answer(0, kSolo);
  CHECK(before.result()->policy == PowerPolicy::solo_madre);
  CHECK(during.result()->policy == PowerPolicy::solo_madre);
  CHECK_FALSE(after.has_ended());
  madre.transport->answer(2, kFull);
  CHECK(after.result()->policy == PowerPolicy::full);
}

TEST_CASE("commands and other reads are never shared") {
  Madre madre;
  Running<Result<MadreReply>> first(madre.client.async_start("switch"));
  Running<Result<MadreReply>> second(madre.client.async_start("switch"));
  Running<Result<MadreReply>> third(madre.client.async_status());
  REQUIRE(madre.transport->calls() == 3);
  for (std::size_t i = 0; i < 3; ++i) madre.transport->answer(i, "{}");
  CHECK(first.result());
  CHECK(second.result());
  CHECK(third.result());
}

TEST_CASE("a shared call continues after its client is destroyed") {
  const auto transport = std::make_shared<HeldTransport>();
  auto view = std::make_unique<PowerStateView>(transport, kOrigin);
  Asking asking(view->async_state());
  view.reset();
  transport->answer(0, kSolo);
  CHECK(asking.result());
}

TEST_CASE("over a transport that blocks each caller makes its own call") {
  std::atomic<int> calls = 0;
  Rendezvous both(2);
  const auto transport =
      std::make_shared<InProcessTransport>([&](const HttpRequest&, const Deadline&) {
        ++calls;
        both.meet();
        return HttpResponse(200, "application/json", kSolo);
      });
  const PowerStateView view(transport, kOrigin);
  CHECK(view.blocks());
  {
    const std::jthread other([&] { CHECK(view.state()); });
    CHECK(view.state());
  }
  CHECK(calls == 2);
}

TEST_CASE("many threads ask, leave and command over one transport that suspends") {
  const auto transport = std::make_shared<HoppingTransport>();
  const PowerStateClient client(transport, kOrigin);
  std::atomic<int> ended = 0;
  const auto work = [&](int number) {
    for (int i = 0; i < 200; ++i) {
      std::stop_source interest;
      const auto limit = std::chrono::microseconds(number * i * 37 % 2000);
      Asking asking(
          client.async_state(Deadline::after(SteadyClock().now(), limit, interest.get_token())));
      if (i % 3 == 0) interest.request_stop();
      if (i % 10 == 0) (void)client.start("switch");
      const auto state = asking.result();
      ended +=
          state || state.error().code == Errc::timeout || state.error().code == Errc::cancelled;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int number = 1; number <= 4; ++number) threads.emplace_back(work, number);
  }
  CHECK(ended == 800);
  CHECK(transport->calls > 0);
}
