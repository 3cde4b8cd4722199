#include <vx11/redis.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "fake_http_server.hpp"
#include "redis/client.hpp"
#include "redis_calls.hpp"
#include "redis_server.hpp"

using namespace redis_calls;
using namespace std::chrono_literals;
using namespace vx11;
using fake_http_server::FakeHttpServer;
using fake_http_server::LocalSocket;
using fake_http_server::Peer;
using fake_http_server::SilentPort;

namespace {

RedisOptions with_limit(std::string url, Duration limit) {
  RedisOptions options = options_for(std::move(url));
  options.command_timeout = limit;
  return options;
}

std::string last_error_of(RedisClient& client) {
  const RedisStatus status = client.status();
  return status.nodes.empty() ? "no node" : status.nodes[0].last_error;
}

/// Sends a command to a server whose reply is not waited for.
void send_to(const RedisServer& server, LocalSocket& socket, std::string_view line) {
  REQUIRE(socket.connect_to(server.port()));
  socket.send(line);
}

/// The answers to the greeting of a client without a password, then `behave`.
template <class Behave>
auto greeted(Behave behave) {
  return [behave](Peer& peer) {
    peer.read_some();
    peer.send("+OK\r\n*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
    behave(peer);
  };
}

/// What a command ends with at a server that answers it with `bytes`, and then closes.
std::string outcome_of(const std::string& bytes) {
  const FakeHttpServer server(greeted([bytes](Peer& peer) {
    peer.read_some();
    peer.send(bytes);
  }));
  const auto client = client_of("redis://127.0.0.1:" + std::to_string(server.port()));
  return word_of(ask(*client, Command("GET").add("key")));
}

}  // namespace

TEST_CASE("user, password and database are sent on each connection, also on the second") {
  const RedisServer server(
      {"--requirepass", "p@ss w:rd/%", "--user", "al@ice", "on", ">s3cret", "~*", "+@all"});
  const auto client = client_of(server.url("al%40ice:s3cret@", "/3"));
  CHECK(set(*client, "of-3") == "OK");
  CHECK(get(*client_of(server.url(":p%40ss%20w:rd%2F%25@", "/3"))) == "of-3");
  CHECK(ask(*client_of(server.url("p%40ss%20w%3Ard%2F%25@")), Command("GET").add("key"))->is_nil());
  const auto other = client_of(server.url(":p%40ss%20w:rd%2F%25@"));
  CHECK(word_of(ask(*other, Command("CLIENT").add("KILL").add("USER").add("al@ice"))).empty());
  CHECK(wait_for("of-3", [&] { return get(*client); }) == "of-3");
  CHECK(client->status().counters.connections == 2);
}

TEST_CASE("a wrong credential or database fails each call at once, by its name") {
  const RedisServer server({"--requirepass", "secret"});
  CHECK(get(*client_of(server.url())) == "auth_required");
  CHECK(get(*client_of(server.url("wrong@"))) == "auth_failed");
  CHECK(get(*client_of(server.url("unknown:secret@"))) == "auth_failed");
  CHECK(get(*client_of(server.url("secret@", "/16"))) == "no_such_database");
  const auto client = client_of(server.url("wrong@"));
  for (int i = 0; i < 100; ++i) CHECK(get(*client) == "auth_failed");
  CHECK(last_error_of(*client) == "auth_failed");
  CHECK_FALSE(client->status().usable);
  CHECK(client->status().reason == "auth_failed");
}

TEST_CASE("a user with few rights is served, and what is not permitted fails alone") {
  const RedisServer server({"--user", "reader", "on", ">s", "~key", "-@all", "+get"});
  const auto client = client_of(server.url("reader:s@"));
  CHECK(set(*client) == "no_permission");
  CHECK(ask(*client, Command("GET").add("key"))->is_nil());
  CHECK(word_of(ask(*client, Command("GET").add("another"))) == "no_permission");
  CHECK(client->status().counters.connections == 1);
  CHECK(last_error_of(*client) == "no_permission");
}

TEST_CASE("a master that becomes a replica loses its connections, and is used again as a master") {
  const RedisServer master;
  const RedisServer other;
  const auto client = client_of(master.url());
  REQUIRE(set(*client) == "OK");
  REQUIRE(master.say("REPLICAOF 127.0.0.1 " + std::to_string(other.port())) == "+OK");
  const auto refused = ask(*client, Command("SET").add("key").add("lost"));
  CHECK(word_of(refused) == "read_only");
  CHECK_FALSE(refused.error().may_have_run);
  CHECK(get(*client) == "read_only");
  CHECK(get(*client_of(with_limit(master.url(), 200ms))) == "read_only");
  REQUIRE(master.say("REPLICAOF NO ONE") == "+OK");
  CHECK(wait_for("OK", [&] { return set(*client); }) == "OK");
}

TEST_CASE("a server that loads its data says so, and is used when it has") {
  RedisServer server({"--save", "3600 1000000"});
  RedisOptions options = options_for(server.url());
  options.reconnect_cap = 1s;
  const auto client = client_of(options);
  const std::string filled =
      server.say("EVAL \"for i=1,600 do redis.call('SET', 'k'..i, i) end\" 0");
  CHECK(filled == "$-1");
  REQUIRE(set(*client) == "OK");
  REQUIRE(server.say("SAVE") == "+OK");
  server.start_again(
      {"--key-load-delay", "3000", "--loading-process-events-interval-bytes", "1024"});
  CHECK(wait_for("loading", [&] { return get(*client); }) == "loading");
  CHECK(last_error_of(*client) == "loading");
  CHECK(wait_for("value", [&] { return get(*client); }) == "value");
  CHECK(last_error_of(*client).empty());
  CHECK(client->status().counters.connections < 25);  // with growing pauses, up to a second
}

TEST_CASE("a server that is busy with a script says so, and keeps its connections") {
  const RedisServer server({"--lua-time-limit", "5"});
  const auto client = client_of(server.url());
  REQUIRE(set(*client) == "OK");
  LocalSocket script;
  send_to(server, script, "EVAL \"while true do end\" 0\r\n");
  CHECK(wait_for("busy", [&] { return get(*client); }) == "busy");
  CHECK(server.say("SCRIPT KILL") == "+OK");
  CHECK(wait_for("value", [&] { return get(*client); }) == "value");
  CHECK(client->status().counters.connections == 1);
}

TEST_CASE("a full server refuses writes, also of a script, and serves reads") {
  const RedisServer server;
  const auto client = client_of(server.url());
  REQUIRE(set(*client) == "OK");
  REQUIRE(server.say("CONFIG SET maxmemory 1") == "+OK");
  CHECK(set(*client, "more") == "out_of_memory");
  CHECK(get(*client) == "value");
  const redis::Script script("return redis.call('SET', KEYS[1], 'more')");
  CHECK(word_of(sync_wait(redis::run_script(*client, script, {"key"}, {}, {}))) == "out_of_memory");
  CHECK(get(*client) == "value");
  CHECK(server.say("CONFIG SET maxmemory 0") == "+OK");
  CHECK(set(*client, "more") == "OK");
  CHECK(client->status().counters.connections == 1);
}

TEST_CASE("a server that cannot write its disk, or has too few replicas, refuses writes") {
  const RedisServer server({"--save", "3600 1000000", "--dbfilename", "taken.rdb"});
  const auto client = client_of(server.url());
  REQUIRE(set(*client) == "OK");
  std::filesystem::create_directories(server.folder() / "taken.rdb" / "by-a-folder");
  REQUIRE(server.say("BGSAVE").starts_with("+Background"));
  CHECK(wait_for("disk_error", [&] { return set(*client); }) == "disk_error");
  CHECK(get(*client) == "value");
  REQUIRE(server.say("CONFIG SET stop-writes-on-bgsave-error no") == "+OK");
  CHECK(set(*client) == "OK");
  REQUIRE(server.say("CONFIG SET min-replicas-to-write 1") == "+OK");
  CHECK(set(*client) == "no_replicas");
  CHECK(get(*client) == "value");
  CHECK(client->status().counters.connections == 1);
}

TEST_CASE("a frozen server costs one time limit; then calls fail at once until it is back") {
  const RedisServer server;
  const auto client = client_of(with_limit(server.url(), 100ms));
  REQUIRE(set(*client) == "OK");
  server.freeze();
  const auto frozen = ask(*client, Command("GET").add("key"));
  CHECK(word_of(frozen) == "timeout");
  CHECK(frozen.error().may_have_run);
  const RedisCounters before = client->status().counters;
  for (int i = 0; i < 1000; ++i) {
    const auto refused = ask(*client, Command("PING"));
    CHECK(word_of(refused) == "timeout");
    CHECK_FALSE(refused.error().may_have_run);  // not sent, and so not waited for
  }
  const RedisCounters after = client->status().counters;
  CHECK(after.commands == before.commands + 1000);
  CHECK(after.connections == before.connections);
  CHECK(client->status().reason == "timeout");
  server.thaw();
  CHECK(wait_for("value", [&] { return get(*client); }) == "value");
}

TEST_CASE("an idle connection to a frozen server is noticed without a call") {
  const RedisServer server;
  RedisOptions options = with_limit(server.url(), 50ms);
  options.idle_check = 30ms;
  const auto client = client_of(options);
  REQUIRE(set(*client) == "OK");
  server.freeze();
  CHECK(wait_for("timeout", [&] { return last_error_of(*client); }) == "timeout");
  server.thaw();
}

TEST_CASE("a half-open connection is discarded with what may still come on it") {
  const RedisServer server;
  std::atomic<bool> drops = false;
  const FakeHttpServer relay([&](Peer& peer) {
    const LocalSocket upstream;
    if (!upstream.connect_to(server.port())) return;
    for (std::string bytes = peer.read_some(); !bytes.empty(); bytes = peer.read_some()) {
      if (drops) return peer.hang();
      upstream.send(bytes);
      char reply[4096];
      const ssize_t got = ::recv(upstream.fd(), reply, sizeof reply, 0);
      if (got <= 0 || !peer.send({reply, static_cast<std::size_t>(got)})) return;
    }
  });
  const std::string url = "redis://127.0.0.1:" + std::to_string(relay.port());
  RedisOptions options = with_limit(url, 100ms);
  options.client_name.clear();  // so that the greeting is one command
  options.connect_timeout = 100ms;
  const auto client = client_of(options);
  REQUIRE(set(*client) == "OK");
  drops = true;
  CHECK(get(*client) == "timeout");
  drops = false;
  CHECK(wait_for("value", [&] { return get(*client); }) == "value");
  CHECK(client->status().counters.disconnections >= 1);
}

TEST_CASE("a server that goes is missed at once, and used again when it is back") {
  RedisServer server;
  const auto client = client_of(server.url());
  REQUIRE(set(*client) == "OK");
  server.stop();
  CHECK(wait_for("unreachable", [&] { return get(*client); }) == "unreachable");
  for (int i = 0; i < 100; ++i) CHECK(get(*client) == "unreachable");
  CHECK_FALSE(client->status().usable);
  server.start_again();
  CHECK(wait_for("OK", [&] { return set(*client); }) == "OK");
  CHECK(client->status().usable);
  CHECK(client->status().reason.empty());
  CHECK(client->status().nodes[0].connections == 1);
}

TEST_CASE("a server that has no place for another client says so, until it has") {
  const RedisServer server({"--maxclients", "1"});
  std::optional<LocalSocket> other;
  char accepted = 0;
  while (accepted != '+') {  // the connection of the one who waited for the server may still count
    send_to(server, other.emplace(), "PING\r\n");
    REQUIRE(::recv(other->fd(), &accepted, 1, 0) == 1);
  }
  const auto client = client_of(server.url());
  CHECK(get(*client) == "too_many_clients");
  CHECK(last_error_of(*client) == "too_many_clients");
  other.reset();
  CHECK(wait_for("OK", [&] { return set(*client); }) == "OK");
}

TEST_CASE("no listener, and one that does not accept") {
  const int nowhere = LocalSocket().port();
  CHECK(get(*client_of("redis://127.0.0.1:" + std::to_string(nowhere))) == "unreachable");
  const SilentPort full;
  RedisOptions options = options_for("redis://127.0.0.1:" + std::to_string(full.port()));
  options.connect_timeout = 30ms;
  CHECK(get(*client_of(options)) == "timeout");
}

TEST_CASE("a server of another kind than the URL says is named") {
  const RedisServer server;
  const std::string port = std::to_string(server.port());
  CHECK(get(*client_of("redis+sentinel://127.0.0.1:" + port + "/main")) == "wrong_role");
  CHECK(get(*client_of("redis+cluster://127.0.0.1:" + port)) == "wrong_role");
}

TEST_CASE("what is not the Redis protocol ends the connection") {
  CHECK(outcome_of("HTTP/1.1 400 Bad Request\r\n\r\n") == "not_redis");
  CHECK(outcome_of("*2147483647\r\n") == "too_large");
  CHECK(outcome_of("") == "unreachable");
  CHECK(outcome_of("$5\r\nhel") == "unreachable");
  CHECK(outcome_of("-ERR secret\r\n") == "error");
  CHECK(outcome_of("-MASTERDOWN Link with MASTER is down\r\n") == "master_down");
  CHECK(outcome_of("-NOAUTH Authentication required.\r\n") == "auth_required");
  const FakeHttpServer http("HTTP/1.1 400 Bad Request\r\n\r\n");
  const FakeHttpServer any([](Peer& peer) {
    peer.read_some();
    peer.send("+OK\r\n+OK\r\n");
    peer.read_some();
  });
  CHECK(get(*client_of("redis://127.0.0.1:" + std::to_string(any.port()))) == "not_redis");
}

TEST_CASE("a reply that was not asked for ends the connection before it reaches a caller") {
  const FakeHttpServer server(greeted([](Peer& peer) {
    peer.read_some();
    peer.send("+first\r\n+of-no-command\r\n");
    peer.hang();
  }));
  const auto client = client_of("redis://127.0.0.1:" + std::to_string(server.port()));
  CHECK(get(*client) == "first");
  CHECK(wait_for("not_redis", [&] { return last_error_of(*client); }) == "not_redis");
}
