// What replicas say to each other over a real Redis: hints of breakers, revocations, and
// ephemeral tokens.
#include <vx11/net/timer.hpp>
#include <vx11/redis/breaker_hints.hpp>
#include <vx11/redis/ephemeral_tokens.hpp>
#include <vx11/redis/revocations.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "ephemeral_tokens_suite.hpp"
#include "shared_redis_site.hpp"

using namespace std::chrono_literals;
using namespace shared_redis_site;

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

TEST_CASE("in a cluster all keys of an exchange are in one slot") {
  const RedisServer server(in_a_cluster());
  REQUIRE(becomes_cluster(*client_of(server)));
  Revoking revoking(server);
  CHECK(revoking.revoke("ci", 60s));
  Hinting hinting(server);
  CHECK(eventually([&] { return hinting.counters->exchanges > 0; }));
  CHECK(hinting.counters->failures == 0);
}

TEST_CASE("hints need a client") {
  CHECK_FALSE(vx11::start_redis_breaker_hints(nullptr, {}, {}));
}

namespace {

std::shared_ptr<vx11::EphemeralTokens> ephemeral_tokens(const RedisServer& server) {
  return vx11::make_redis_ephemeral_tokens(client_of(server)).value();
}

}  // namespace

TEST_CASE("an ephemeral token is accepted once, by any replica") {
  const RedisServer server;
  ephemeral_tokens_suite::run(ephemeral_tokens(server), ephemeral_tokens(server));
  ephemeral_tokens_suite::race(ephemeral_tokens(server), ephemeral_tokens(server));
  CHECK_FALSE(vx11::make_redis_ephemeral_tokens(nullptr));
}

TEST_CASE("Redis has the digest of an ephemeral token, until it expires") {
  const RedisServer server;
  const auto client = client_of(server);
  const auto tokens = ephemeral_tokens(server);
  const std::string token = ephemeral_tokens_suite::issue(tokens, "alice").value();
  const auto keys = command(*client, {"KEYS", "*"});
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].text().find(token) == std::string_view::npos);
  const auto left = command(*client, {"TTL", std::string(keys[0].text())}).integer();
  CHECK(left > 0);
  CHECK(left <= 60);
}

TEST_CASE("an ephemeral token is refused while Redis cannot say that it is unused") {
  RedisServer server;
  const auto tokens = ephemeral_tokens(server);
  const std::string token = ephemeral_tokens_suite::issue(tokens, "alice").value();
  server.stop();
  CHECK(ephemeral_tokens_suite::redeem(tokens, token) == "!");
  CHECK(ephemeral_tokens_suite::issue(tokens, "alice").error().code == vx11::Errc::storage);
}
