// Rates that replicas share over a real Redis.
#include <vx11/rate_limiter.hpp>
#include <vx11/redis/shared_rates.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "request_limits_site.hpp"
#include "shared/scripts.hpp"
#include "shared_redis_site.hpp"

using namespace std::chrono_literals;
using namespace request_limits_site;
using namespace shared_redis_site;
using vx11::SharedRateRequest;

namespace {

/// A replica: limits of its own around a handler of its own, and rates on the server.
struct Replica : Site {
  explicit Replica(const RedisServer& server, vx11::RedisRatesOptions with = {})
      : client(client_of(server)) {
    with.timeout = 60s;  // a busy machine is no failure
    options.shared = vx11::make_redis_shared_rates(client, std::move(with)).value();
  }
  std::shared_ptr<vx11::RedisClient> client;
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// The script with a clock of the test's own, and keys that do not expire by the server's.
vx11::redis::Script with_test_clock() {
  std::string source = vx11::shared::rate_script(vx11::shared::kTakeRates);
  source = replaced(source, "redis.call('TIME')", "{ARGV[7], ARGV[8]}");
  source = replaced(source, "string.format('%.0f', math.floor(ahead / 1e6) + 1)", "'1000000'");
  return vx11::redis::Script(source);
}

/// The three rates of one chat, decided one after the other by the library's own algorithm.
struct Oracle {
  explicit Oracle(std::vector<vx11::RateLimiterOptions> rates) {
    for (const auto& rate : rates) gcras.emplace_back(rate);
    arrivals.assign(gcras.size(), 0);
  }
  /// Which rate refuses, from 1 on, and how long; as the script.
  std::pair<std::int64_t, std::int64_t> decide(std::int64_t now) {
    if (const auto wait = gcras[0].wait(arrivals[0], now); wait > 0ns) return {1, wait.count()};
    for (std::size_t i = 1; i < gcras.size(); ++i) {
      const auto decision = gcras[i].decide(arrivals[i], now, 1);
      if (decision.too_soon > 0ns)
        return {static_cast<std::int64_t>(i) + 1, decision.too_soon.count()};
      arrivals[i] = decision.next;
    }
    return {0, 0};
  }
  std::int64_t backlog(std::size_t i, std::int64_t now) const {
    return std::max<std::int64_t>(arrivals[i] - now, 0);
  }
  std::vector<vx11::detail::Gcra> gcras = {};
  std::vector<std::int64_t> arrivals = {};
};

std::vector<std::string> arguments_of(const std::vector<vx11::RateLimiterOptions>& rates,
                                      std::int64_t now) {
  std::vector<std::string> all;
  for (const auto& rate : rates) {
    const std::int64_t interval = std::max<std::int64_t>(rate.period.count() / rate.calls, 1);
    all.push_back(std::to_string(interval));
    all.push_back(std::to_string(interval * (rate.burst - 1)));
  }
  all.push_back(std::to_string(now / 1'000'000'000));
  all.push_back(std::to_string(now % 1'000'000'000 / 1000));
  return all;
}

}  // namespace

TEST_CASE("the script decides as the limiter of one process, over random histories") {
  const RedisServer server;
  const auto client = client_of(server);
  const auto script = with_test_clock();
  std::mt19937_64 random(7);
  const auto up_to = [&random](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(1, most)(random);
  };
  int refused = 0;
  for (int history = 0; history < 60; ++history) {
    std::vector<vx11::RateLimiterOptions> rates;
    for (int i = 0; i < 3; ++i) {
      const auto calls = static_cast<std::uint32_t>(up_to(i == 0 ? 100'000 : 40));
      const std::int64_t seconds = up_to(2) == 1 ? up_to(60) : up_to(100 * 86400);
      rates.push_back({.calls = calls, .period = std::chrono::seconds(seconds), .burst = calls});
    }
    Oracle oracle(rates);
    const std::vector<std::string> keys = {"{h" + std::to_string(history) + "}",
                                           "{h" + std::to_string(history) + "}:s"};
    std::int64_t now = 1'800'000'000'000'000'000 + up_to(1'000'000'000) * 1000;
    for (int step = 0; step < 60; ++step) {
      now += up_to(rates[1].period.count() / rates[1].calls / 1000 + 1) * 1000;
      auto reply = vx11::sync_wait(
          vx11::redis::run_script(*client, script, keys, arguments_of(rates, now), {}));
      REQUIRE(reply.has_value());
      const auto [by, wait] = oracle.decide(now);
      CAPTURE(history);
      CAPTURE(step);
      REQUIRE((*reply)[0].integer() == by);
      REQUIRE((*reply)[1].integer() == wait);
      if (by == 0) REQUIRE((*reply)[2].integer() == oracle.backlog(1, now));
      if (by == 0) REQUIRE((*reply)[3].integer() == oracle.backlog(2, now));
      refused += by > 0 ? 1 : 0;
    }
  }
  CHECK(refused > 500);
  CHECK(refused < 3000);
}

TEST_CASE("a backlog is at most the whole rate, when the clock goes back or the rate changes") {
  const RedisServer server;
  const auto client = client_of(server);
  const auto script = with_test_clock();
  const auto wait_at = [&](std::uint32_t calls, std::chrono::seconds period, std::int64_t now) {
    const vx11::RateLimiterOptions none{.calls = 1, .period = 1s, .burst = 1'000'000};
    const vx11::RateLimiterOptions rate{.calls = calls, .period = period, .burst = calls};
    auto reply = vx11::sync_wait(vx11::redis::run_script(
        *client, script, {"{k}", "{k}:s"}, arguments_of({none, rate, none}, now), {}));
    return std::chrono::nanoseconds(reply.value()[1].integer());
  };
  constexpr std::int64_t kNow = 1'800'000'000'000'000'000;
  CHECK(wait_at(1, 3600s, kNow) == 0s);
  CHECK(wait_at(1, 3600s, kNow) == 3600s);
  CHECK(wait_at(1, 3600s, kNow - 86'400'000'000'000) == 3600s);
  CHECK(wait_at(1, 60s, kNow) == 60s);
}

TEST_CASE("two replicas admit as many requests in sum as the rate has, from many threads") {
  const RedisServer server;
  Replica one(server);
  Replica two(server);
  for (Replica* replica : {&one, &two}) {
    replica->options.per_token = RequestRate(50, 3600s);
    replica->limits();
  }
  CHECK(one.send(status()).headers.get("RateLimit") == R"("token";r=49;t=72)");
  const HttpResponse second = two.send(status());
  CHECK(second.headers.get("RateLimit").find(R"("token";r=48;t=14)") == 0);  // 143 or 144 s
  CHECK(second.headers.get("RateLimit-Policy") == R"("token";q=50;w=3600)");
  std::atomic<int> admitted{2};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&admitted, replica = i % 2 == 0 ? &one : &two] {
      for (int k = 0; k < 40; ++k) admitted += replica->send(status()).status == 200 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(admitted == 50);
  const HttpResponse refused = two.send(status());
  CHECK(refused.status == 429);
  CHECK(std::stoi(std::string(refused.headers.get("Retry-After"))) <= 72);
  CHECK(two.send(status("another")).status == 200);
  CHECK(one.options.counters->decided_alone == 0);
}

TEST_CASE("sessions and the tokens of chats count in sum, too; one command decides") {
  const RedisServer server;
  Replica one(server);
  Replica two(server);
  for (Replica* replica : {&one, &two}) {
    replica->options.per_token = RequestRate(100, 3600s);
    replica->options.per_session = RequestRate(2, 3600s);
    replica->options.tokens_per_minute = 100;
  }
  CHECK(one.send(chat("ci", "s-1")).status == 200);
  CHECK(two.send(chat("ci", "s-1")).status == 200);
  const HttpResponse refused = one.send(chat("ci", "s-1"));
  CHECK(refused.status == 429);
  CHECK(one.refused(RequestLimit::per_session) == 1);
  const auto before = one.client->status().counters.commands;
  CHECK(one.send(chat("ci", "s-2")).status == 200);
  CHECK(one.client->status().counters.commands == before + 1);
  CHECK(two.send(chat("another", "s-1")).status == 200);

  one.inner->cost = 1000;
  CHECK(one.send(chat("ci", "s-3")).status == 200);  // charged at its end, in the background
  CHECK(eventually([&] { return two.send(chat("ci", "s-4")).status == 429; }));
  CHECK(two.refused(RequestLimit::tokens_per_minute) == 1);
  CHECK(two.send(chat("another", "s-9")).status == 200);
}

TEST_CASE("keys say nothing of clients, and expire by themselves") {
  const RedisServer server;
  Replica one(server);
  one.options.per_token = RequestRate(10, 3600s);
  one.options.per_session = RequestRate(5, 60s);
  one.send(chat("ci-token-name", "session-name"));
  const auto keys = command(*one.client, {"KEYS", "*"});
  REQUIRE(keys.size() == 2);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string key(keys[i].text());
    CHECK(key.find("name") == key.npos);
    CHECK(key.starts_with("vx11:rate:{"));
    const auto left = command(*one.client, {"PTTL", key}).integer();
    CHECK(left > 0);
    CHECK(left <= 360'001);
  }
}

TEST_CASE("without Redis each replica decides by itself, and asks again after a pause") {
  RedisServer server;
  std::vector<bool> changes;
  vx11::RedisRatesOptions with;
  with.timeout = 60s;  // the answer decides, however late it is on a busy machine
  with.on_change = [&changes](bool is_shared) { changes.push_back(is_shared); };
  vx11::testing::ManualClock rates_clock;
  with.clock = rates_clock;
  Replica one(server, std::move(with));
  one.options.per_token = RequestRate(5, 3600s);
  CHECK(one.send(status()).status == 200);
  command(*one.client, {"CONFIG", "SET", "maxmemory", "1"});  // every write is refused
  command(*one.client, {"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  for (int i = 0; i < 5; ++i) CHECK(one.send(status()).status == 200);
  CHECK(one.send(status()).status == 429);
  CHECK(one.options.counters->decided_alone == 6);
  REQUIRE(changes == std::vector<bool>{false});
  const auto asked = one.client->status().counters.commands;
  CHECK(one.send(status()).status == 429);
  CHECK(one.client->status().counters.commands == asked);  // it is given up for the pause
  command(*one.client, {"CONFIG", "SET", "maxmemory", "0"});
  rates_clock.advance(1s);
  CHECK(one.send(status()).status == 200);
  CHECK(changes == std::vector<bool>{false, true});
  server.stop();
  one.send(status());
  CHECK(one.options.counters->decided_alone == 8);
}

TEST_CASE("in a cluster all keys of a decision are in one slot") {
  const RedisServer server(in_a_cluster());
  Replica one(server);
  REQUIRE(becomes_cluster(*one.client));
  one.options.per_token = RequestRate(1, 3600s);
  one.options.per_session = RequestRate(1, 3600s);
  one.options.tokens_per_minute = 1;
  one.inner->cost = 10;
  CHECK(one.send(chat("ci", "s-1")).status == 200);
  CHECK(one.send(chat("ci", "s-1")).status == 429);
  CHECK(one.options.counters->decided_alone == 0);
}

TEST_CASE("rates need a client") {
  CHECK_FALSE(vx11::make_redis_shared_rates(nullptr));
}
