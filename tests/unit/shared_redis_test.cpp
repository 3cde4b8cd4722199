// What replicas share over a real Redis: rates, idempotency keys, hints of breakers.

#include <vx11/net/timer.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/redis/breaker_hints.hpp>
#include <vx11/redis/idempotency_store.hpp>
#include <vx11/redis/revocations.hpp>
#include <vx11/redis/shared_rates.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "idempotency_store_suite.hpp"
#include "redis_server.hpp"
#include "request_limits_site.hpp"
#include "shared/run_script.hpp"
#include "shared/scripts.hpp"

using namespace std::chrono_literals;
using namespace request_limits_site;
using vx11::SharedRateRequest;

namespace {

std::shared_ptr<vx11::RedisClient> client_of(const RedisServer& server) {
  vx11::RedisOptions options;
  options.url = server.url();
  options.connect_timeout = options.command_timeout = 10s;  // a busy machine is no failure
  return vx11::make_redis_client(std::move(options)).value();
}

vx11::redis::Reply command(vx11::RedisClient& client, const std::vector<std::string>& words) {
  vx11::redis::Command command(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) command.add(words[i]);
  auto reply = vx11::sync_wait(vx11::redis::run(client, "key", std::move(command), {}));
  REQUIRE(reply.has_value());
  return *std::move(reply);
}

/// Waits for what another thread does; the bound only ends a failed test.
bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 2000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

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
  std::string source(vx11::shared::kTakeRates);
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
          vx11::shared::run_script(*client, script, keys, arguments_of(rates, now), {}));
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
    auto reply = vx11::sync_wait(vx11::shared::run_script(
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

TEST_CASE("the store of idempotency keys does what every store does") {
  const RedisServer server;
  idempotency_store_suite::run([&server] {
    const auto make = [&server] {
      vx11::RedisIdempotencyOptions options;
      options.timer = vx11::make_net_timer();
      return vx11::make_redis_idempotency_store(client_of(server), std::move(options)).value();
    };
    return idempotency_store_suite::Stores{make(), make()};
  });
}

namespace {

using idempotency_store_suite::claim;
using idempotency_store_suite::claim_later;
using idempotency_store_suite::id_of;
using idempotency_store_suite::Kind;

struct Keys {
  RedisServer server;
  vx11::RedisIdempotencyOptions options = {};
  std::shared_ptr<vx11::RedisClient> client = client_of(server);
  std::shared_ptr<vx11::IdempotencyStore> make() {
    if (options.timer == nullptr) options.timer = vx11::make_net_timer();
    return vx11::make_redis_idempotency_store(client, options).value();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Keys, "the key of a holder that died is granted when its lease has ended") {
  options.lease = 300ms;
  auto client_of_dead = client_of(server);
  vx11::testing::ManualClock stopped;
  vx11::RedisIdempotencyOptions never_renews = options;
  never_renews.timer = std::make_shared<vx11::testing::ManualTimer>(stopped);
  const auto dead = vx11::make_redis_idempotency_store(client_of_dead, never_renews).value();
  const auto lost = claim(dead, id_of(1));
  const auto store = make();
  CHECK(claim(store, id_of(1)).kind == Kind::busy);
  const auto next = claim_later(store, id_of(1)).get();
  REQUIRE(next.kind == Kind::granted);
  idempotency_store_suite::keep(dead, id_of(1), lost.ticket, "too late");
  idempotency_store_suite::keep(store, id_of(1), next.ticket, "in time");
  CHECK(claim(store, id_of(1)).answer->body == "in time");
}

TEST_CASE_FIXTURE(Keys, "a holder that lives keeps its key beyond the lease") {
  options.lease = 150ms;
  const auto store = make();
  const auto held = claim(store, id_of(1));
  const auto renewed = [&, before = client->status().counters.commands] {
    return client->status().counters.commands >= before + 6;  // each a third of the lease
  };
  CHECK(eventually(renewed));
  CHECK(claim(store, id_of(1)).kind == Kind::busy);
  idempotency_store_suite::keep(store, id_of(1), held.ticket, "late");
  CHECK(claim(store, id_of(1)).answer->body == "late");
}

TEST_CASE_FIXTURE(Keys, "an answer that Redis does not take at once is kept when it is back") {
  options.keep_wait = 20ms;
  const auto store = make();
  const auto held = claim(store, id_of(1));
  server.freeze();
  idempotency_store_suite::keep(store, id_of(1), held.ticket, "late");  // returns: it is bounded
  CHECK(client->status().counters.failures >= 1);
  server.thaw();
  CHECK(claim_later(store, id_of(1)).get().answer->body == "late");
}

TEST_CASE_FIXTURE(Keys, "an answer that Redis refuses is tried again") {
  const auto store = make();
  const auto held = claim(store, id_of(1));
  command(*client, {"CONFIG", "SET", "min-replicas-to-write", "1"});
  idempotency_store_suite::keep(store, id_of(1), held.ticket, "late");
  CHECK(eventually([&] { return client->status().counters.failures >= 2; }));
  command(*client, {"CONFIG", "SET", "min-replicas-to-write", "0"});
  CHECK(claim_later(store, id_of(1)).get().answer->body == "late");
}

TEST_CASE_FIXTURE(Keys, "answers are bounded, expire, and foreign values are no answers") {
  options.answer_bytes = 200;
  const auto store = make();
  const auto large = claim(store, id_of(1));
  idempotency_store_suite::keep(store, id_of(1), large.ticket, std::string(300, 'x'));
  CHECK(claim_later(store, id_of(1)).get().kind == Kind::granted);
  const auto small = claim(store, id_of(2));
  idempotency_store_suite::keep(store, id_of(2), small.ticket, "short");
  const std::string key = "vx11:idempotency:02" + std::string(62, '0');
  const auto left = command(*client, {"PTTL", key}).integer();
  CHECK(left > 86'000'000);
  CHECK(left <= 86'400'000);
  for (const char* const foreign :
       {"", "x", "{\"json\":\"of some other program in this database\"}"}) {
    command(*client, {"SET", key, foreign});
    CHECK(claim(store, id_of(2)).kind == Kind::failed);
  }
  std::string broken = "A" + std::string(32, '\0') + "1\xC9";
  command(*client, {"SET", key, broken});
  CHECK(claim(store, id_of(2)).kind == Kind::failed);
}

TEST_CASE_FIXTURE(Keys, "without Redis a claim fails, and what is missing is named") {
  const auto store = make();
  const auto held = claim(store, id_of(1));
  server.stop();
  CHECK(claim(store, id_of(2)).kind == Kind::failed);
  store->release(id_of(1), held.ticket);
  CHECK(vx11::make_redis_idempotency_store(nullptr, {}).error().detail ==
        "the client is null; the timer is null");
  CHECK_FALSE(vx11::make_redis_shared_rates(nullptr));
  CHECK_FALSE(vx11::start_redis_breaker_hints(nullptr, {}, {}));
}

namespace {

/// A replica with breakers of two targets, which exchanges hints.
struct Hinting {
  explicit Hinting(const RedisServer& server, vx11::Duration interval = 20ms) {
    std::vector<vx11::HintedBreaker> breakers;
    breakers.push_back({"switch", breaker});
    breakers.push_back({"madre", other});
    vx11::RedisHintOptions options;
    options.interval = interval;
    options.max_age = 500ms;
    options.timer = vx11::make_net_timer();
    options.counters = counters;
    running =
        vx11::start_redis_breaker_hints(client_of(server), std::move(breakers), std::move(options))
            .value();
  }
  void fail() {
    if (auto permit = breaker->try_acquire()) permit->failure();
  }
  void open() {
    for (int i = 0; i < 3; ++i) fail();
  }
  bool is_suspected() const { return breaker->snapshot().is_suspected; }

  std::shared_ptr<vx11::CircuitBreaker> breaker = std::make_shared<vx11::CircuitBreaker>();
  std::shared_ptr<vx11::CircuitBreaker> other = std::make_shared<vx11::CircuitBreaker>();
  std::shared_ptr<vx11::HintCounters> counters = std::make_shared<vx11::HintCounters>();
  std::shared_ptr<vx11::RedisBreakerHints> running = {};
};

}  // namespace

TEST_CASE("two replicas of three that open a target make it suspect to the third, and no more") {
  const RedisServer server;
  Hinting one(server);
  auto two = std::make_unique<Hinting>(server);
  Hinting three(server);
  one.open();
  CHECK(eventually([&] { return three.counters->live == 3; }));
  const std::uint64_t before = three.counters->exchanges;
  CHECK(eventually([&] { return three.counters->exchanges > before + 3; }));
  CHECK_FALSE(three.is_suspected());  // one replica alone
  two->open();
  CHECK(eventually([&] { return three.is_suspected(); }));
  CHECK(three.breaker->state() == vx11::CircuitState::closed);
  CHECK_FALSE(three.other->snapshot().is_suspected);
  two.reset();  // a replica that is gone stops counting
  CHECK(eventually([&] { return !three.is_suspected(); }));
  CHECK(eventually([&] { return three.counters->live == 2; }));
}

TEST_CASE("a lost Redis ends the hints, and breakers go on as before") {
  RedisServer server;
  Hinting one(server);
  Hinting two(server);
  Hinting three(server);
  one.open();
  two.open();
  CHECK(eventually([&] { return three.is_suspected(); }));
  server.stop();
  CHECK(eventually([&] { return !three.is_suspected() && three.counters->live == 0; }));
  three.fail();
  CHECK(three.breaker->state() == vx11::CircuitState::closed);
  CHECK(three.counters->failures > 0);
}

namespace {

/// A replica that refuses what is revoked.
struct Revoking {
  explicit Revoking(const RedisServer& server,
                    std::shared_ptr<vx11::Timer> timer = vx11::make_net_timer()) {
    vx11::RedisRevocationOptions options;
    options.interval = 20ms;
    options.timer = std::move(timer);
    shared = vx11::start_redis_revocations(client_of(server), revoked, std::move(options)).value();
  }
  bool refuses(std::string_view principal) const { return revoked->contains(principal); }
  bool revoke(const std::string& principal, std::chrono::seconds lifetime) {
    return vx11::sync_wait(shared->revoke(principal, lifetime)).has_value();
  }
  std::shared_ptr<vx11::Revocations> revoked = std::make_shared<vx11::Revocations>();
  std::shared_ptr<vx11::RedisRevocations> shared = {};
};

/// Grants every request, to the principal that it names.
class Named final : public vx11::Authenticator {
 public:
  vx11::Access check(const vx11::Headers&) const override { return vx11::Access::granted; }
  vx11::AccessCheck explain(const vx11::Headers& headers) const override {
    vx11::AccessCheck found(vx11::Access::granted);
    found.principal = std::make_shared<const std::string>(headers.get("who"));
    return found;
  }
};

}  // namespace

TEST_CASE(
    "what one replica revokes is refused by all, by those that start later, and without Redis") {
  RedisServer server;
  Revoking one(server);
  Revoking two(server);
  CHECK(one.revoke("ci", 3600s));
  CHECK(one.refuses("ci"));
  CHECK(eventually([&] { return two.refuses("ci"); }));
  CHECK_FALSE(two.refuses("cd"));
  Revoking late(server);
  CHECK(eventually([&] { return late.refuses("ci"); }));
  CHECK(two.revoke("ci", 0s));
  CHECK(eventually([&] { return !one.refuses("ci") && !late.refuses("ci"); }));
  CHECK(two.revoke("brief", 1s));  // expires by the clock of the server
  CHECK(eventually([&] { return one.refuses("brief"); }));
  CHECK(eventually([&] { return !one.refuses("brief"); }));
  CHECK(two.revoke("ci", 3600s));
  CHECK(eventually([&] { return one.refuses("ci"); }));
  server.stop();
  CHECK_FALSE(one.revoke("cd", 3600s));
  CHECK(one.refuses("ci"));
}

TEST_CASE("a revocation is in force on all, also when Redis has lost the one before") {
  const RedisServer server;
  vx11::testing::ManualClock clock;
  Revoking one(server);
  const auto timer = std::make_shared<vx11::testing::ManualTimer>(clock);
  Revoking two(server, timer);
  const auto looks_until = [&](const std::function<bool()>& holds) {
    return eventually([&] {
      timer->advance(100ms);
      return holds();
    });
  };
  CHECK(one.revoke("ci", 3600s));
  CHECK(looks_until([&] { return two.refuses("ci"); }));
  const auto client = client_of(server);
  command(*client, {"FLUSHALL"});
  CHECK(one.revoke("cd", 3600s));
  CHECK(looks_until([&] { return two.refuses("cd"); }));
  CHECK_FALSE(two.refuses("ci"));
}

TEST_CASE("what has expired is not refused, also on a server that takes no writes") {
  const RedisServer server;
  Revoking one(server);
  CHECK(one.revoke("brief", 1s));
  const auto client = client_of(server);
  command(*client, {"CONFIG", "SET", "min-replicas-to-write", "1"});
  CHECK(eventually([&] { return !one.refuses("brief"); }));
  Revoking late(server);
  CHECK_FALSE(late.refuses("brief"));
}

TEST_CASE("an authenticator refuses revoked principals, and names them for the log") {
  const auto revoked = std::make_shared<vx11::Revocations>();
  const auto auth =
      vx11::make_revoking_authenticator(std::make_shared<const Named>(), revoked).value();
  vx11::Headers headers;
  headers.add("who", "ci");
  CHECK(auth->explain(headers).access == vx11::Access::granted);
  revoked->replace({"ci", "cd"});
  const auto refused = auth->explain(headers);
  CHECK(refused.access == vx11::Access::forbidden);
  CHECK(refused.reason == "revoked");
  CHECK(*refused.principal == "ci");
  CHECK(auth->check(headers) == vx11::Access::forbidden);
  revoked->replace({});
  CHECK(auth->check(headers) == vx11::Access::granted);
  CHECK_FALSE(vx11::make_revoking_authenticator(nullptr, revoked));
}

TEST_CASE("in a cluster all keys of a command are in one slot") {
  const RedisServer server({"--cluster-enabled", "yes"});
  Replica one(server);
  command(*one.client, {"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
  const auto is_ready = [&] {
    return command(*one.client, {"CLUSTER", "INFO"}).text().find("cluster_state:ok") !=
           std::string_view::npos;
  };
  REQUIRE(eventually(is_ready));
  one.options.per_token = RequestRate(1, 3600s);
  one.options.per_session = RequestRate(1, 3600s);
  one.options.tokens_per_minute = 1;
  one.inner->cost = 10;
  CHECK(one.send(chat("ci", "s-1")).status == 200);
  CHECK(one.send(chat("ci", "s-1")).status == 429);
  CHECK(one.options.counters->decided_alone == 0);
  Revoking revoking(server);
  CHECK(revoking.revoke("ci", 60s));
  Hinting hinting(server);
  CHECK(eventually([&] { return hinting.counters->exchanges > 0; }));
  CHECK(hinting.counters->failures == 0);
}
