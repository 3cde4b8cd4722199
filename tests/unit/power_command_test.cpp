// Commands to madre over a transport that suspends: their own limit, and what happens after it.

#include <vx11/power_state_client.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <barrier>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "held_transport.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using namespace vx11::fakes;

namespace {

using Commanding = Running<Result<MadreReply>>;

constexpr const char* kOrigin = "http://madre:8001";
constexpr const char* kSolo =
    R"({"policy":"solo_madre","window_id":null,"active_services":["madre","redis"]})";

/// A madre that answers when the test releases it.
struct Madre {
  std::shared_ptr<HeldTransport> transport = std::make_shared<HeldTransport>();
  std::shared_ptr<CircuitBreaker> breaker = std::make_shared<CircuitBreaker>();

  PowerStateClient client(Duration command_limit = 60s, Duration timeout = 2s) const {
    return PowerStateClient(
        transport, kOrigin,
        {.timeout = timeout, .command_limit = command_limit, .breaker = breaker});
  }
  std::uint32_t failures() const { return breaker->snapshot().failures; }
};

}  // namespace

TEST_CASE("a command whose limit has passed is pending, and its request continues") {
  Madre madre;
  const PowerStateClient client = madre.client(1ms);
  Commanding opening(client.async_open_window({.services = {"switch"}}));
  const Result<MadreReply> reply = opening.result();
  REQUIRE(reply);
  CHECK(reply->pending());
  CHECK_FALSE(reply->ok());
  CHECK(reply->status == 504);
  const auto said = nlohmann::json::parse(reply->json);
  CHECK(said.at("status") == "pending");
  CHECK(said.at("module") == "madre");
  CHECK(said.at("message").get<std::string>().find("may still") != std::string::npos);
  CHECK_FALSE(madre.transport->cancelled(0));
  CHECK(madre.failures() == 0);
  madre.transport->answer(0, "{}");
  CHECK(madre.failures() == 0);
}

TEST_CASE("an answer that comes after the limit still supersedes the state that was read before") {
  Madre madre;
  const PowerStateClient client = madre.client(1ms);
  Commanding opening(client.async_open_window({.services = {"switch"}}));
  CHECK(opening.result()->pending());
  Running<Result<PowerState>> before(client.async_state());
  madre.transport->answer(0, "{}");
  Running<Result<PowerState>> after(client.async_state());
  REQUIRE(madre.transport->calls() == 3);
  madre.transport->answer(1, kSolo);
  CHECK_FALSE(after.has_ended());
  madre.transport->answer(2, kSolo);
  CHECK(before.result());
  CHECK(after.result());
}

TEST_CASE("a caller that leaves does not abort its command") {
  Madre madre;
  std::stop_source interest;
  Commanding stopping(
      madre.client().async_stop("switch", Deadline(TimePoint::max(), interest.get_token())));
  interest.request_stop();
  CHECK(stopping.result().error().code == Errc::cancelled);
  CHECK_FALSE(madre.transport->cancelled(0));
  madre.transport->answer(0, "{}");
  CHECK(madre.failures() == 0);
}

TEST_CASE("a caller's own deadline makes its command pending, too") {
  Madre madre;
  Commanding applying(
      madre.client().async_apply_solo_madre(Deadline::after(SteadyClock().now(), 1ms)));
  CHECK(applying.result()->pending());
  CHECK_FALSE(madre.transport->cancelled(0));
  madre.transport->answer(0, "{}");
}

TEST_CASE("reads keep their own limit") {
  Madre madre;
  Commanding restarting(madre.client(60s, 1ms).async_restart("switch"));
  CHECK_FALSE(restarting.has_ended());
  CHECK(madre.transport->deadline(0) > SteadyClock().now() + 60s);
  madre.transport->answer(0, R"({"status":"ok"})");
  CHECK(restarting.result()->ok());
  Commanding reading(madre.client(60s, 5ms).async_status());
  CHECK(madre.transport->deadline(1) < SteadyClock().now() + 1s);
  madre.transport->answer(1, "{}");
  CHECK(reading.result());
}

TEST_CASE("a command past its deadline or cancelled is not sent") {
  Madre madre;
  std::stop_source gone;
  gone.request_stop();
  const PowerStateClient client = madre.client();
  CHECK(client.start("switch", Deadline(SteadyClock().now())).error().code == Errc::timeout);
  CHECK(client.start("switch", Deadline(TimePoint::max(), gone.get_token())).error().code ==
        Errc::cancelled);
  CHECK(madre.transport->calls() == 0);
}

TEST_CASE("more commands than madre could ever be given are refused, and counted until they end") {
  Madre madre;
  const PowerStateClient client = madre.client();
  std::vector<std::unique_ptr<Commanding>> commands;
  for (int i = 0; i < 64; ++i) {
    commands.push_back(std::make_unique<Commanding>(client.async_start("switch")));
  }
  CHECK(client.start("switch").error().code == Errc::exhausted);
  CHECK(madre.transport->calls() == 64);
  for (std::size_t i = 0; i < 64; ++i) madre.transport->answer(i, "{}");
  for (const auto& command : commands) CHECK(command->result());
  Commanding next(client.async_start("switch"));
  CHECK(madre.transport->calls() == 65);
  madre.transport->answer(64, "{}");
  CHECK(next.result());
}

TEST_CASE("a command continues after its client is destroyed") {
  Madre madre;
  {
    const PowerStateClient client = madre.client(1ms);
    Commanding opening(client.async_open_window({.services = {"switch"}}));
    CHECK(opening.result()->pending());
  }
  madre.transport->answer(0, "{}");
  CHECK(madre.failures() == 0);
}

TEST_CASE("limits that make no sense are mistakes of the description") {
  const auto transport = std::make_shared<HeldTransport>();
  const auto wrong =
      PowerStateClient::create(transport, kOrigin, {.command_limit = 60s, .command_patience = 1s});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().detail.find("patience") != std::string::npos);
  CHECK_FALSE(PowerStateClient::create(transport, kOrigin, {.command_limit = 0s}));
}

TEST_CASE("of commands that begin on many threads at once, exactly 64 are in progress") {
  Madre madre;
  const PowerStateClient client = madre.client();
  constexpr int kThreads = 4;
  constexpr int kEach = 40;
  std::vector<std::vector<std::unique_ptr<Commanding>>> commands(kThreads);
  {
    std::barrier together(kThreads);
    std::vector<std::jthread> threads;
    for (auto& own : commands) {
      threads.emplace_back([&] {
        std::vector<Task<Result<MadreReply>>> tasks;
        together.arrive_and_wait();
        for (int i = 0; i < kEach; ++i) tasks.push_back(client.async_stop("switch"));
        for (auto& task : tasks) own.push_back(std::make_unique<Commanding>(std::move(task)));
      });
    }
  }
  CHECK(madre.transport->calls() == 64);
  for (std::size_t i = 0; i < 64; ++i) madre.transport->answer(i, "{}");
  int refused = 0;
  for (auto& own : commands) {
    for (auto& command : own) {
      const Result<MadreReply> reply = command->result();
      if (reply) continue;
      CHECK(reply.error().code == Errc::exhausted);
      ++refused;
    }
  }
  CHECK(refused == kThreads * kEach - 64);
  commands.clear();
  Commanding next(client.async_stop("switch"));
  CHECK(madre.transport->calls() == 65);
  madre.transport->answer(64, "{}");
  CHECK(next.result());
}
