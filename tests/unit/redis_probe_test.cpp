#include <vx11/health/redis_probe.hpp>

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "fake_http_server.hpp"
#include "redis_server.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using fake_http_server::FakeHttpServer;
using fake_http_server::LocalSocket;
using fake_http_server::Peer;
using fake_http_server::SilentPort;

namespace {

/// Long enough for slow machines.
constexpr auto kPatience = 60s;

Result<ProbeAnswer> look_at(const std::string& url, Duration limit = kPatience) {
  const auto probe = make_redis_probe(url);
  REQUIRE(probe);
  return sync_wait((*probe)->look(Deadline::after(SteadyClock().now(), limit)));
}

Result<ProbeAnswer> look_at(const FakeHttpServer& server, Duration limit = kPatience) {
  return look_at("redis://127.0.0.1:" + std::to_string(server.port()), limit);
}

/// The result of a probe of a server that answers every request with `answer`.
Result<ProbeAnswer> look_at_answer(const std::string& answer) {
  const FakeHttpServer server([&](Peer& peer) {
    peer.read_some();
    peer.send(answer);
    peer.read_some();
  });
  return look_at(server);
}

/// The reason for which the server is degraded; "ok" if it is not.
std::string reason_of(const Result<ProbeAnswer>& seen) {
  if (!seen) return "error: " + std::string(to_string(seen.error().code));
  if (seen->health == Health::ok) return "ok";
  CHECK(seen->health == Health::degraded);
  return seen->reason;
}

void check_fails(const Result<ProbeAnswer>& seen, Errc code) {
  REQUIRE_FALSE(seen);
  CHECK(to_string(seen.error().code) == to_string(code));
  CHECK_FALSE(seen.error().detail.empty());
}

}  // namespace

TEST_CASE("a redis server without a password is ok, whatever database is chosen") {
  const RedisServer redis;
  CHECK(look_at(redis.url()) == Health::ok);
  CHECK(look_at(redis.url("", "/")) == Health::ok);
  CHECK(look_at(redis.url("", "/0")) == Health::ok);
  CHECK(look_at(redis.url("", "/15")) == Health::ok);
}

TEST_CASE("a database that the server does not have is degraded") {
  const RedisServer redis;
  CHECK(reason_of(look_at(redis.url("", "/16"))) == "no_such_database");
}

TEST_CASE("a redis server with a password is ok only with that password") {
  const RedisServer redis({"--requirepass", "p@ss w:rd/%"});
  CHECK(look_at(redis.url(":p%40ss%20w:rd%2F%25@")) == Health::ok);
  CHECK(look_at(redis.url("default:p%40ss%20w%3Ard%2f%25@", "/3")) == Health::ok);
  CHECK(look_at(redis.url("p%40ss%20w%3Ard%2f%25@")) == Health::ok);
  CHECK(reason_of(look_at(redis.url(":wrong@"))) == "auth_failed");
  CHECK(reason_of(look_at(redis.url(":@"))) == "auth_failed");
  CHECK(reason_of(look_at(redis.url())) == "auth_required");
}

TEST_CASE("a user of the server's own gets in by name and password") {
  const RedisServer redis({"--user", "al@ice", "on", ">secret", "+@all"});
  CHECK(look_at(redis.url("al%40ice:secret@")) == Health::ok);
  CHECK(reason_of(look_at(redis.url("al%40ice:wrong@"))) == "auth_failed");
  CHECK(reason_of(look_at(redis.url("bob:secret@"))) == "auth_failed");
}

TEST_CASE("one probe can be used repeatedly, and notices a stopped server") {
  RedisServer redis;
  const auto probe = make_redis_probe(redis.url());
  REQUIRE(probe);
  for (int i = 0; i < 20; ++i) CHECK(sync_wait((*probe)->look({})) == Health::ok);
  redis.stop();
  check_fails(sync_wait((*probe)->look({})), Errc::unreachable);
}

TEST_CASE("a server is found by an IPv6 address in brackets") {
  const RedisServer redis;
  const std::string mapped = "redis://[::ffff:127.0.0.1]:" + std::to_string(redis.port());
  CHECK(look_at(mapped) == Health::ok);
}

TEST_CASE("no listener is unreachable") {
  check_fails(look_at("redis://127.0.0.1:" + std::to_string(LocalSocket().port())),
              Errc::unreachable);
}

TEST_CASE("a password that the server does not ask for is refused by it, and named") {
  const RedisServer redis;
  CHECK(reason_of(look_at(redis.url(":secret@"))) == "auth_failed");
}

TEST_CASE("a user who may not PING is no permission; one who may do nothing else is ok") {
  const RedisServer redis({"--user", "reader", "on", ">s", "~*", "+get", "--user", "pinger", "on",
                           ">s", "-@all", "+ping"});
  CHECK(reason_of(look_at(redis.url("reader:s@"))) == "no_permission");
  CHECK(reason_of(look_at(redis.url("pinger:s@"))) == "ok");
}

TEST_CASE("a server that has no place for another client says so") {
  const RedisServer redis({"--maxclients", "1"});
  std::deque<LocalSocket> others;
  std::string reason;
  do {  // until the server has accepted another client
    REQUIRE(others.emplace_back().connect_to(redis.port()));
    reason = reason_of(look_at(redis.url()));
  } while (reason == "ok");
  CHECK(reason == "too_many_clients");
}

TEST_CASE("a replica that takes no writes answers PING and is read-only") {
  const RedisServer master;
  const RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(master.port())});
  CHECK(reason_of(look_at(replica.url())) == "read_only");
  CHECK(reason_of(look_at(master.url())) == "ok");
}

TEST_CASE("a cluster without slots answers PING and is down") {
  const RedisServer redis(in_a_cluster());
  CHECK(reason_of(look_at(redis.url())) == "cluster_down");
}

TEST_CASE("a server that a script keeps busy says so") {
  const RedisServer redis({"--lua-time-limit", "5"});
  LocalSocket script;
  REQUIRE(script.connect_to(redis.port()));
  script.send("EVAL \"while true do end\" 0\r\n");
  while (reason_of(look_at(redis.url())) == "ok") {  // until the script runs
  }
  CHECK(reason_of(look_at(redis.url())) == "busy");
}

TEST_CASE("a server that cannot write its disk says so") {
  const RedisServer redis({"--save", "3600", "1", "--dbfilename", "taken.rdb"});
  REQUIRE(reason_of(look_at(redis.url())) == "ok");  // it has looked for its file
  std::filesystem::create_directories(redis.folder() / "taken.rdb" / "by-a-folder");
  LocalSocket client;
  REQUIRE(client.connect_to(redis.port()));
  client.send("SET key value\r\nBGSAVE\r\n");
  while (reason_of(look_at(redis.url())) == "ok") {  // until the save has failed
  }
  CHECK(reason_of(look_at(redis.url())) == "disk_error");
}

TEST_CASE("an error has a word for the status page, in the spelling of every server's version") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"-LOADING Redis is loading the dataset in memory\r\n", "loading"},
      {"-NOAUTH Authentication required.\r\n", "auth_required"},
      {"-WRONGPASS invalid username-password pair or user is disabled.\r\n", "auth_failed"},
      {"-ERR invalid password\r\n", "auth_failed"},
      {"-ERR Client sent AUTH, but no password is set\r\n", "auth_failed"},
      {"-NOPERM this user has no permissions to run the 'ping' command\r\n", "no_permission"},
      {"-DENIED Redis is running in protected mode\r\n", "no_permission"},
      {"-BUSY Redis is busy running a script.\r\n", "busy"},
      {"-READONLY You can't write against a read only replica.\r\n", "read_only"},
      {"-CLUSTERDOWN The cluster is down\r\n", "cluster_down"},
      {"-MASTERDOWN Link with MASTER is down\r\n", "master_down"},
      {"-ERR max number of clients reached\r\n", "too_many_clients"},
      {"-MISCONF Redis is configured to save RDB snapshots\r\n", "disk_error"},
      {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "out_of_memory"},
      {"-ERR secret-text-of-a-server\r\n", "error"},
      {"-PONG\r\n", "error"}};
  for (const auto& [answer, reason] : rows) {
    const auto& case_answer = answer;  // clang 14 captures no structured binding
    CAPTURE(case_answer);
    CHECK(reason_of(look_at_answer(answer)) == reason);
  }
}

TEST_CASE("what is not the Redis protocol, or no answer to PING, is not Redis") {
  for (const char* answer :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n", "PONG\r\n", "*2147483647\r\n", "+OK\r\n",
        "+\r\n", "+PONGPONG\r\n", ":1\r\n", "$4\r\nPONG\r\n", "$-1\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "$9223372036854775807\r\n"}) {
    CAPTURE(answer);
    CHECK(reason_of(look_at_answer(answer)) == "not_redis");
  }
  CHECK(reason_of(look_at_answer(std::string("\0\xff\x80", 3))) == "not_redis");
}

TEST_CASE("a line without an end is given up by its length") {
  CHECK(reason_of(look_at_answer("+" + std::string(1 << 20, 'P'))) == "not_redis");
}

TEST_CASE("PONG in pieces is ok") {
  const FakeHttpServer server([](Peer& peer) {
    peer.read_some();
    for (const char c : std::string_view("+PONG\r\n")) {
      peer.send(std::string_view(&c, 1));
      std::this_thread::sleep_for(1ms);
    }
    peer.read_some();
  });
  CHECK(look_at(server) == Health::ok);
}

TEST_CASE("a server that does not answer is a timeout") {
  const FakeHttpServer server([](Peer& peer) { peer.hang(); });
  check_fails(look_at(server, 30ms), Errc::timeout);
}

TEST_CASE("a server that trickles without end is a timeout") {
  const FakeHttpServer server([](Peer& peer) { peer.trickle("+"); });
  check_fails(look_at(server, 30ms), Errc::timeout);
}

TEST_CASE("a server that does not take connections is a timeout") {
  const SilentPort full;
  check_fails(look_at("redis://127.0.0.1:" + std::to_string(full.port()), 30ms), Errc::timeout);
}

TEST_CASE("a server that closes without an answer is unreachable") {
  SUBCASE("at once") {
    const FakeHttpServer server([](Peer&) {});
    check_fails(look_at(server), Errc::unreachable);
  }
  SUBCASE("at once, by a reset") {
    const FakeHttpServer server([](Peer& peer) { peer.reset(); });
    check_fails(look_at(server), Errc::unreachable);
  }
  SUBCASE("after hearing the question") {
    const FakeHttpServer server([](Peer& peer) { peer.read_some(); });
    check_fails(look_at(server), Errc::unreachable);
  }
  SUBCASE("in the middle of its answer") {
    const FakeHttpServer server([](Peer& peer) {
      peer.read_some();
      peer.send("+PO");
    });
    check_fails(look_at(server), Errc::unreachable);
  }
}

TEST_CASE("what is sent is RESP, with the credentials first") {
  std::string heard;
  {
    const FakeHttpServer server([&](Peer& peer) {
      heard = peer.read_some();
      peer.send("+OK\r\n+OK\r\n+PONG\r\n");
      peer.read_some();
    });
    CHECK(look_at("redis://me:s%00t@127.0.0.1:" + std::to_string(server.port()) + "/7") ==
          Health::ok);
  }
  const std::string password("s\0t", 3);
  CHECK(heard == "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$3\r\n" + password +
                     "\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n*1\r\n$4\r\nPING\r\n");
}

TEST_CASE("a probe past its deadline or cancelled does not connect") {
  const auto probe = make_redis_probe("redis://127.0.0.1:" + std::to_string(LocalSocket().port()));
  REQUIRE(probe);
  check_fails(sync_wait((*probe)->look(Deadline(SteadyClock().now()))), Errc::timeout);
  std::stop_source nobody;
  nobody.request_stop();
  check_fails(sync_wait((*probe)->look(Deadline(TimePoint::max(), nobody.get_token()))),
              Errc::cancelled);
}

TEST_CASE("a URL names its port, or means 6379") {
  CHECK(redis_port("redis://redis") == 6379);
  CHECK(redis_port("redis://redis:1") == 1);
  CHECK(redis_port("REDIS://my_redis.local:65535/3") == 65535);
  CHECK(redis_port("redis://:secret@10.0.0.3") == 6379);
  CHECK(redis_port("redis://user:secret@10.0.0.3:7000/0") == 7000);
  CHECK(redis_port("redis://a:b@c@10.0.0.3:7000") == 7000);
  CHECK(redis_port("redis://[::1]") == 6379);
  CHECK(redis_port("redis://u:p@[fe80::1]:7001/1") == 7001);
}

TEST_CASE("a URL of another form is a mistake, and is not repeated") {
  for (const char* url : {"",
                          "redis:",
                          "redis://",
                          "redis:///0",
                          "redis://:6379",
                          "http://redis",
                          "rediss://redis",
                          "redis",
                          "redis:6379",
                          "redis://redis:",
                          "redis://redis:0",
                          "redis://redis:65536",
                          "redis://redis:-1",
                          "redis://redis:63x",
                          "redis://re dis",
                          "redis://redis/x",
                          "redis://redis/-1",
                          "redis://redis/1/2",
                          "redis://redis/4294967296",
                          "redis://redis?db=1",
                          "redis://:%@redis",
                          "redis://:%4@redis",
                          "redis://:%zz@redis",
                          "redis://%zz:secret@redis",
                          "redis://[::1",
                          "redis://[]",
                          "redis://[redis]",
                          "redis://::1",
                          "redis://[::1]x",
                          "redis://[::1]:",
                          "redis://redis\n:1"}) {
    CAPTURE(url);
    const auto probe = make_redis_probe(url);
    REQUIRE_FALSE(probe);
    CHECK(probe.error().code == Errc::invalid_argument);
    CHECK(probe.error().detail.starts_with("url "));
    CHECK_FALSE(redis_port(url));
  }
  CHECK(make_redis_probe("redis://u:hunter2@").error().detail.find("hunter2") == std::string::npos);
}
