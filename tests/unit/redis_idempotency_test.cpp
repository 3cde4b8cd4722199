// Idempotency keys that replicas share over a real Redis.
#include <vx11/net/timer.hpp>
#include <vx11/redis/idempotency_store.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "idempotency_store_suite.hpp"
#include "shared_redis_site.hpp"

using namespace std::chrono_literals;
using namespace shared_redis_site;

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
}
