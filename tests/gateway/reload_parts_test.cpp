// What lasts when the configuration is read again, and what does not change then.

#include <vx11/testing/manual_clock.hpp>
#include <vx11/transport/in_process.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "gateway/auth/authenticator.hpp"
#include "gateway/fixed_settings.hpp"
#include "gateway/gateway_state.hpp"
#include "gateway/log/log_level.hpp"
#include "gateway/power/power_ledger.hpp"
#include "gateway/power/power_rules.hpp"
#include "gateway/power/power_transports.hpp"
#include "gateway/process/service_manager.hpp"
#include "gateway/redis/redis_client.hpp"
#include "gateway/redis/shared_parts.hpp"
#include "gateway/retired_parts.hpp"
#include "gateway/running_gateway.hpp"
#include "scratch_folder.hpp"

using namespace gateway;
using namespace std::chrono_literals;
using vx11::CircuitState;

namespace {

vx11::CircuitBreakerOptions options(Duration open_for = 1h) {
  return {.failures_to_open = 1, .open_for = open_for, .name = "gpu"};
}

LastingBreakers open_breaker() {
  LastingBreakers breakers;
  breakers.get("http://gpu:80", options())->try_acquire().value().failure();
  return breakers.next();
}

/// A gateway without sessions in Redis, whose configuration the test changes. Its Redis refuses
/// connections.
struct Sharing {
  Sharing() {
    next.server.listen = {.host = "127.0.0.1", .port = 0};
    next.auth.token.value = "a token for this test";
    next.redis.url.value = "redis://127.0.0.1:1";
  }
  LoadedConfig load() const { return LoadedConfig{.config = next}; }
  std::unique_ptr<RunningGateway> start() {
    return RunningGateway::make(
               load(), [this] { return load(); }, [] {})
        .value();
  }

  GatewayConfig next = {};
};

}  // namespace

TEST_CASE("a breaker of the same options is the same one") {
  LastingBreakers before;
  const auto breaker = before.get("http://gpu:80", options());
  LastingBreakers after = before.next();
  CHECK(after.get("http://gpu:80", options()) == breaker);
  CHECK(after.next().get("http://gpu:80", options()) == breaker);
}

TEST_CASE("a breaker of other options continues where it was") {
  LastingBreakers after = open_breaker();
  const auto breaker = after.get("http://gpu:80", options(2h));
  CHECK(breaker->options().open_for == 2h);
  CHECK(breaker->state() == CircuitState::open);
}

TEST_CASE("a window of calls is another option") {
  LastingBreakers before;
  auto windowed = options();
  windowed.trip = vx11::CountWindow{.size = 10};
  const auto breaker = before.get("http://gpu:80", windowed);
  LastingBreakers after = before.next();
  CHECK(after.get("http://gpu:80", windowed) == breaker);
  windowed.trip = vx11::CountWindow{.size = 11};
  CHECK(before.next().get("http://gpu:80", windowed) != breaker);
  windowed.trip = vx11::ConsecutiveFailures{};
  CHECK(before.next().get("http://gpu:80", windowed) != breaker);
}

TEST_CASE("the breaker of another upstream begins closed, whatever its name") {
  LastingBreakers after = open_breaker();
  CHECK(after.get("http://other:80", options())->state() == CircuitState::closed);
}

TEST_CASE("a configuration that is refused leaves what lasts as it was") {
  const LastingBreakers before = [] {
    LastingBreakers breakers;
    breakers.get("http://gpu:80", options());
    return breakers;
  }();
  before.next().get("http://gpu:80", options(2h));  // for parts that are never used
  LastingBreakers after = before.next();
  CHECK(after.get("http://gpu:80", options())->options().open_for == 1h);
}

TEST_CASE("a transport is used again while it counts all origins") {
  const auto counter = std::make_shared<vx11::TransportCounters>();
  const auto with = [&](std::vector<std::string> origins, Duration silence = 30s) {
    vx11::NetTransportOptions options{.between_chunks_timeout = silence};
    for (std::string& origin : origins) options.counters_by_origin[std::move(origin)] = counter;
    return options;
  };
  LastingTransports before;
  const auto transport = before.get(with({"http://a", "http://b"}));
  CHECK(before.get(with({"http://a", "http://b"})) == transport);
  CHECK(before.next().get(with({"http://a"})) == transport);
  CHECK(before.next().get(with({"http://a", "http://c"})) != transport);
  CHECK(before.next().get(with({"http://a"}, 31s)) != transport);
}

TEST_CASE("a balancer lasts with its targets, and its calls count on after them") {
  const auto breaker = std::make_shared<vx11::CircuitBreaker>();
  const auto members = [&](std::uint32_t weight) {
    return std::vector<vx11::BalancerMember>{{.name = "a", .weight = weight, .breaker = breaker}};
  };
  LastingBalancers before;
  const auto balancer = before.get("pool", members(1), {});
  LastingBalancers same = before.next();
  CHECK(same.get("pool", members(1), {}) == balancer);
  { const auto call = balancer->begin(0); }
  LastingBalancers heavier = before.next();
  const auto other = heavier.get("pool", members(2), {});
  CHECK(other != balancer);
  { const auto call = other->begin(0); }
  CHECK(heavier.calls_of("pool")->of("a") == 2);
  CHECK(heavier.calls_of("pool")->of("b") == 0);
  CHECK(heavier.calls_of("another") == nullptr);
}

TEST_CASE("balancers of replaced configurations are released, and their calls count on") {
  LastingBalancers balancers;
  for (std::uint32_t weight = 1; weight <= 50; ++weight) {
    balancers = balancers.next();
    const auto balancer = balancers.get("pool", {{.name = "a", .weight = weight}}, {});
    { const auto call = balancer->begin(0); }
    CHECK(balancers.calls_of("pool")->balancers() <= 3);
  }
  CHECK(balancers.calls_of("pool")->of("a") == 50);
}

TEST_CASE("settings of the listener and of sessions keep their values, and are named") {
  GatewayConfig running;
  GatewayConfig next;
  next.server.listen.port = 9000;
  next.server.drain_delay = 1s;
  next.server.hosts = {"gateway.example"};
  next.sessions.limits.messages = running.sessions.limits.messages + 1;
  next.redis.url.value = "redis://r";
  next.redis.prefix = "other:";
  next.chat.deadline = 1s;
  CHECK(keep_fixed(running, next) ==
        std::vector<std::string>{"server.listen", "redis.prefix", "sessions.messages"});
  CHECK(next.server.listen.port == 8000);
  CHECK(next.server.drain_delay == 1s);
  CHECK(next.server.hosts.size() == 1);
  CHECK(next.sessions.limits.messages == running.sessions.limits.messages);
  CHECK(next.redis.url.value == "redis://r");
  CHECK(next.redis.prefix == "vx11:");
  CHECK(next.chat.deadline == 1s);
  CHECK(keep_fixed(running, next).empty());
}

TEST_CASE("secrets that the log never shows are compared all the same") {
  GatewayConfig running;
  running.redis.password.value = "before";
  running.redis.sentinel_password.value = "before";
  running.sessions.store.redis_url = "redis://user:before@r";
  GatewayConfig next = running;
  CHECK(keep_fixed(running, next).empty());
  next.redis.password.value = "after";  // in the file, or of the setting
  next.redis.sentinel_password.value = "after";
  next.sessions.store.redis_url = "redis://user:after@r";
  CHECK(keep_fixed(running, next) ==
        std::vector<std::string>{"redis.password", "redis.sentinel_password", "sessions.store"});
  CHECK(next.redis.password.value == "before");
}

TEST_CASE("redis.url needs a restart only while more than its probe uses it") {
  GatewayConfig running;
  running.redis.url.value = "redis://:one@r";
  GatewayConfig next = running;
  next.redis.url.value = "redis://:two@r";
  next.limits.shared = true;
  CHECK(keep_fixed(running, next).empty());  // there is no client yet
  CHECK(next.redis.url.value == "redis://:two@r");
  running.limits.shared = true;
  CHECK(keep_fixed(running, next) == std::vector<std::string>{"redis.url"});
  CHECK(next.redis.url.value == "redis://:one@r");
  next.redis.url.value = "redis://:two@r";
  next.limits.shared = false;
  CHECK(keep_fixed(running, next).empty());  // the client ends
  running.sessions.store.redis_url = "redis://other";
  next = running;
  next.redis.url.value = "redis://:two@r";
  CHECK(keep_fixed(running, next).empty());  // the client is that of the sessions
}

TEST_CASE("rates are shared over redis.url while sessions are in memory, until a reload") {
  Sharing sharing;
  sharing.next.limits.shared = true;
  sharing.next.auth.shared_revocations = true;
  const auto gateway = sharing.start();
  CHECK(gateway->reload().mistakes.empty());
  sharing.next.redis.url.value = "redis://127.0.0.1:2";
  CHECK(gateway->reload().needs_restart == std::vector<std::string>{"redis.url"});
  sharing.next.limits.shared = false;
  sharing.next.auth.shared_revocations = false;
  const ReloadResult ended = gateway->reload();
  CHECK(ended.needs_restart.empty());
  CHECK(ended.warnings ==
        std::vector<std::string>{"auth.shared_revocations: is off now; principals that were "
                                 "revoked are accepted again"});
  CHECK(gateway->reload().warnings.empty());
  sharing.next.limits.shared = true;  // with the other server now
  CHECK(gateway->reload().mistakes.empty());
}

TEST_CASE("what needs a setting that stays as it was is refused by its name") {
  Sharing sharing;
  sharing.next.redis.url.value.clear();
  const auto gateway = sharing.start();
  sharing.next.sessions.store.redis_url = "redis://127.0.0.1:1";
  sharing.next.limits.shared = true;
  const auto mistakes = gateway->reload().mistakes;
  REQUIRE(mistakes.size() == 1);
  CHECK(mistakes[0].find("limits.shared") != std::string::npos);
}

TEST_CASE("revocations that are not shared any more are not asked for") {
  GatewayConfig config;
  config.auth.token.value = "a token for this test";
  config.auth.shared_revocations = true;
  const auto client = make_redis("redis://127.0.0.1:1", config.redis).value();
  const auto credentials = make_credentials(config.auth).value().auth;
  SharedParts shared;
  CHECK(without_revoked(config, client, credentials, shared).value() != credentials);
  const std::weak_ptr<vx11::RedisRevocations> asking = shared.revocations;
  REQUIRE_FALSE(asking.expired());
  config.auth.shared_revocations = false;
  CHECK(without_revoked(config, client, credentials, shared).value() == credentials);
  CHECK(asking.expired());
}

TEST_CASE("a level that was set for a time falls back to the configured one") {
  vx11::testing::ManualClock clock;
  std::vector<LogLevel> applied;
  LogLevelControl control(
      LogLevel::info, [&](LogLevel level) { applied.push_back(level); }, clock);
  control.set_for(LogLevel::debug, 10min);
  CHECK(control.current() == LogLevel::debug);
  clock.advance(10min - 1ns);
  CHECK_FALSE(control.expire());
  control.configure(LogLevel::warn);  // read again meanwhile
  CHECK(control.current() == LogLevel::debug);
  clock.advance(1ns);
  CHECK(control.expire());
  CHECK(control.current() == LogLevel::warn);
  CHECK_FALSE(control.expire());
  control.configure(LogLevel::error);
  CHECK(applied == std::vector{LogLevel::info, LogLevel::debug, LogLevel::warn, LogLevel::error});
}

TEST_CASE("retired parts live until they are cleared") {
  const auto retired = std::make_shared<RetiredParts>();
  auto part = std::make_shared<int>(1);
  const std::weak_ptr<int> alive = part;
  auto watched = retired->watch(std::move(part));
  auto request = watched;
  watched.reset();
  retired->clear();
  CHECK_FALSE(alive.expired());
  request.reset();
  CHECK_FALSE(alive.expired());
  retired->clear();
  CHECK(alive.expired());
}

TEST_CASE("the watchdog's time is that of this process") {
  const auto limit = [](std::string usec, std::optional<std::string> pid) {
    return watchdog_limit([=](const std::string& name) -> std::optional<std::string> {
      if (name == "WATCHDOG_USEC") return usec;
      return pid;
    });
  };
  CHECK(limit("2000000", std::nullopt) == 2s);
  CHECK(limit("2000000", std::to_string(::getpid())) == 2s);
  CHECK_FALSE(limit("2000000", "1"));
  CHECK_FALSE(limit("0", std::nullopt));
  CHECK_FALSE(limit("soon", std::nullopt));
}
