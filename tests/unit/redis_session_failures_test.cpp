// Sessions in a Redis that refuses, forgets, or is gone.
#include <vx11/health/redis_client_probe.hpp>
#include <vx11/store/redis.hpp>

#include <chrono>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "eventually.hpp"
#include "redis_session_parts.hpp"

using namespace redis_session_parts;
using namespace session_store_suite_parts;
using vx11::RedisSessionStoreOptions;

TEST_CASE("a script that the server has forgotten is sent again") {
  const auto store = site().store({.key_prefix = fresh_prefix()});
  append(*store, "s", turn("1"));
  site().run({"SCRIPT", "FLUSH"});
  CHECK(recent(*store, "s").size() == 2);
  site().run({"SCRIPT", "FLUSH"});
  append(*store, "s", turn("2"));
  CHECK(recent(*store, "s").size() == 4);
}

TEST_CASE("a server that takes no writes still lets read, and nothing is half stored") {
  const std::string prefix = fresh_prefix();
  const auto store = site().store({.key_prefix = prefix});
  const std::string key = prefix + "{s}";
  append(*store, "s", turn("1"));
  SUBCASE("it is full") {
    site().run({"CONFIG", "SET", "maxmemory", "1"});
    CHECK(append_failure(*store, "s") ==
          "cannot write the session in redis: redis is out of memory");
    CHECK(recent(*store, "s").size() == 2);
    site().run({"CONFIG", "SET", "maxmemory", "0"});
  }
  SUBCASE("it has too few replicas") {
    site().run({"CONFIG", "SET", "min-replicas-to-write", "1"});
    CHECK(append_failure(*store, "s").ends_with("redis has too few replicas for a write"));
    CHECK(recent(*store, "s").size() == 2);
    site().run({"CONFIG", "SET", "min-replicas-to-write", "0"});
  }
  CHECK(site().number({"LLEN", key}) == 2);
  append(*store, "s", turn("2"));
  CHECK(recent(*store, "s").size() == 4);
}

TEST_CASE("a store without its server fails at once, and works again after its return") {
  RedisSessionSite other;
  RedisSessionStoreOptions options;
  options.store.patience = 5s;
  const auto store = other.store(std::move(options));
  append(*store, "s", turn("1"));
  other.server().stop();
  CHECK(append_failure(*store, "s").starts_with("cannot write the session in redis: "));
  CHECK(read_failure(*store, "s").starts_with("cannot read the session in redis: "));
  other.server().start_again();
  CHECK(eventually([&] { return vx11::sync_wait(store->recent("s", 50)).has_value(); }));
  append(*store, "s", turn("2"));
  CHECK(recent(*store, "s").size() == 2);  // that server keeps nothing when it is killed
}

TEST_CASE("a user that may use what the manual lists is enough, and one that may not is named") {
  RedisSessionSite own;
  own.run({"ACL",   "SETUSER",  "ana",     "on",     ">word",   "~vx11:*", "+evalsha",
           "+eval", "+lindex",  "+lrange", "+rpush", "+rpushx", "+ltrim",  "+lpush",
           "+llen", "+pexpire", "+unlink", "+role",  "+ping",   "+client", "+select"});
  auto client = vx11::make_redis_client({.url = own.server().url("ana:word@")});
  REQUIRE(client);
  RedisSessionStoreOptions options;
  options.store.limits.messages = 4;
  const auto store = vx11::make_redis_session_store(*client, std::move(options));
  REQUIRE(store);
  for (int i = 0; i < 4; ++i) append(**store, "s", turn(std::to_string(i)));
  CHECK(recent(**store, "s").size() == 4);
  CHECK(erase(**store, "s"));
  const auto probe = vx11::make_redis_client_probe(*client, "vx11:probe");
  CHECK(vx11::sync_wait(probe->look(vx11::Deadline())) == vx11::ProbeAnswer(vx11::Health::ok));
  own.run({"ACL", "SETUSER", "ana", "-evalsha"});
  CHECK(append_failure(**store, "s").ends_with("redis does not permit the command to this user"));
  CHECK(vx11::sync_wait(probe->look(vx11::Deadline())) ==
        vx11::ProbeAnswer(vx11::Health::degraded, "no_permission"));
}

TEST_CASE("the probe says why a server takes no writes, and whether it answers") {
  RedisSessionSite own;
  const auto probe = vx11::make_redis_client_probe(own.client, "vx11:probe");
  const auto look = [&] { return vx11::sync_wait(probe->look(vx11::Deadline())); };
  CHECK(look() == vx11::ProbeAnswer(vx11::Health::ok));
  own.run({"CONFIG", "SET", "maxmemory", "1"});
  CHECK(look() == vx11::ProbeAnswer(vx11::Health::degraded, "out_of_memory"));
  own.run({"CONFIG", "SET", "maxmemory", "0", "min-replicas-to-write", "1"});
  CHECK(look() == vx11::ProbeAnswer(vx11::Health::degraded, "no_replicas"));
  own.run({"CONFIG", "SET", "min-replicas-to-write", "0"});
  CHECK(look() == vx11::ProbeAnswer(vx11::Health::ok));
  own.server().stop();
  CHECK(look().error().code == vx11::Errc::unreachable);
}
