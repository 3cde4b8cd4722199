#include <vx11/redis.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "net/loop/background_loop.hpp"
#include "recorded_events.hpp"
#include "redis/client.hpp"
#include "redis/reply_reader.hpp"
#include "redis/servers_url.hpp"
#include "redis_calls.hpp"
#include "redis_server.hpp"
#include "tls_certificate.hpp"

using namespace redis_calls;
using namespace std::chrono_literals;
using namespace vx11;
using redis::address_of;
using redis::ErrorKind;
using redis::ReplyReader;
using redis::Script;
using tls_certificate::TlsCertificate;

namespace {

Command echo(std::uint64_t number) {
  return Command("ECHO").add(std::to_string(number));
}

/// `count` commands in one turn of `loop`, and whether each got its own reply.
Task<bool> many_at_once(net_detail::Loop& loop, RedisClient& client, std::uint64_t count) {
  net_detail::ResumeOn on_loop(loop);
  co_await on_loop;
  Task<RedisResult<Reply>> first = redis::run(client, "key", Command("PING"), {});
  (void)co_await std::move(first);
  std::vector<Task<RedisResult<Reply>>> tasks;
  for (std::uint64_t i = 0; i < count; ++i) {
    tasks.push_back(redis::run(client, "key", echo(i), {}));
  }
  Task<std::vector<RedisResult<Reply>>> all = when_all(std::move(tasks));
  const std::vector<RedisResult<Reply>> replies = co_await std::move(all);
  bool right = replies.size() == count;
  for (std::uint64_t i = 0; i < replies.size(); ++i) {
    right = right && word_of(replies[i]) == std::to_string(i);
  }
  co_return right;
}

bool many_at_once(RedisClient& client, std::uint64_t count) {
  // Never ended: OpenSSL frees what it keeps for a thread before statics are destroyed.
  static net_detail::BackgroundLoop& background = *new net_detail::BackgroundLoop;
  return sync_wait(many_at_once(*background.loop(), client, count));
}

Task<std::string> ask_on(net_detail::Loop& loop, RedisClient& client) {
  net_detail::ResumeOn on_loop(loop);
  co_await on_loop;
  Task<RedisResult<Reply>> asking = redis::run(client, "key", Command("PING"), {});
  const RedisResult<Reply> reply = co_await std::move(asking);
  co_return word_of(reply);
}

/// How often `text` stands in the server's list of clients.
std::string clients_with(const RedisServer& server, const std::string& text) {
  const auto client = client_of(server.url());
  const std::string all = word_of(ask(*client, Command("CLIENT").add("LIST")));
  std::size_t count = 0;
  for (std::size_t at = all.find(text); at != all.npos; at = all.find(text, at + 1)) ++count;
  return std::to_string(count);
}

/// The kind for which a reader gives up on `bytes`; "more" if it waits for more, else the reply's
/// text.
std::string read(std::string_view bytes, std::size_t max_bytes = 1024) {
  ReplyReader reader(max_bytes);
  reader.feed(bytes);
  const auto reply = reader.next();
  if (reader.failure()) return std::string(to_string(*reader.failure()));
  return reply ? std::string(reply->text()) : "more";
}

}  // namespace

TEST_CASE("values are stored and read, with any bytes") {
  const RedisServer server;
  const auto client = client_of(server.url());
  const std::string bytes("\0\r\n$3\xff", 7);
  CHECK(set(*client, bytes) == "OK");
  CHECK(get(*client) == bytes);
  const std::string large(3'000'000, 'x');
  CHECK(set(*client, large) == "OK");
  CHECK(get(*client) == large);
  CHECK(ask(*client, Command("GET").add("other"))->is_nil());
  CHECK(ask(*client, Command("INCRBY").add("n").add(-7))->integer() == -7);
  const RedisStatus status = client->status();
  CHECK(status.topology == "single");
  CHECK(status.counters.connections == 1);
  CHECK(status.counters.commands == 6);
  CHECK(status.counters.failures == 0);
  REQUIRE(status.nodes.size() == 1);
  CHECK(status.nodes[0].address == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(status.nodes[0].role == "master");
  CHECK(status.nodes[0].connections == 1);
  CHECK(status.nodes[0].last_error.empty());
}

TEST_CASE("commands of one turn of a loop leave in one send, and each gets its own reply") {
  const RedisServer server;
  const auto client = client_of(server.url());
  CHECK(many_at_once(*client, 1));
  const std::uint64_t before = client->status().counters.sends;
  CHECK(many_at_once(*client, 500));
  CHECK(client->status().counters.sends - before == 2);  // PING, and all the others
  CHECK(client->status().counters.connections == 1);
}

TEST_CASE("each event loop has a connection, which ends with the client") {
  const RedisServer server;
  net_detail::BackgroundLoop first;
  net_detail::BackgroundLoop second;
  RedisOptions options = options_for(server.url());
  options.client_name = "of-loops";
  auto client = client_of(options);
  for (int i = 0; i < 3; ++i) {
    CHECK(sync_wait(ask_on(*first.loop(), *client)) == "PONG");
    CHECK(sync_wait(ask_on(*second.loop(), *client)) == "PONG");
  }
  CHECK(client->status().counters.connections == 2);
  CHECK(clients_with(server, "name=of-loops") == "2");
  client.reset();
  CHECK(wait_for("0", [&] { return clients_with(server, "name=of-loops"); }) == "0");
}

TEST_CASE("a caller whose deadline passes is dropped, and the others get their own replies") {
  const RedisServer server;
  const auto client = client_of(server.url());
  REQUIRE(set(*client, "mine") == "OK");
  const Deadline soon = Deadline::after(SteadyClock().now(), 30ms);
  const auto blocked = ask(*client, Command("BLPOP").add("list").add(0), soon);
  CHECK(word_of(blocked) == "timeout");
  CHECK(blocked.error().code == Errc::timeout);
  CHECK(blocked.error().may_have_run);
  std::thread releasing([&] { server.say("LPUSH list another-users"); });
  CHECK(get(*client) == "mine");  // behind the command that was given up
  releasing.join();
  CHECK(client->status().counters.connections == 1);
}

TEST_CASE("a caller who goes away leaves the connection as it is") {
  const RedisServer server;
  const auto client = client_of(server.url());
  REQUIRE(set(*client, "mine") == "OK");
  std::stop_source leaving;
  std::thread stopping([&] {
    wait_for("1", [&] { return clients_with(server, "cmd=blpop"); });
    leaving.request_stop();
  });
  const Deadline until(TimePoint::max(), leaving.get_token());
  const auto blocked = ask(*client, Command("BLPOP").add("list").add(0), until);
  stopping.join();
  CHECK(word_of(blocked) == "cancelled");
  CHECK(word_of(ask(*client, Command("PING"), until)) == "cancelled");
  server.say("LPUSH list another-users");
  CHECK(get(*client) == "mine");
  CHECK(client->status().counters.connections == 1);
}

TEST_CASE("a script is sent in full once, and again when the server has lost it") {
  const RedisServer server;
  const auto client = client_of(server.url());
  const Script script("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  CHECK(script.sha1().size() == 40);
  const auto run = [&] {
    return sync_wait(redis::run_script(*client, script, {"n"}, {"2"}, {}))->integer();
  };
  CHECK(run() == 2);
  const std::uint64_t before = client->status().counters.commands;
  CHECK(run() == 4);
  CHECK(client->status().counters.commands == before + 1);
  CHECK(server.say("SCRIPT FLUSH") == "+OK");
  CHECK(run() == 6);
  const Script wrong("return redis.call('NO-SUCH-COMMAND')");
  const auto failed = sync_wait(redis::run_script(*client, wrong, {"n"}, {}, {}));
  CHECK(word_of(failed) == "error");
  CHECK(failed.error().may_have_run);
}

TEST_CASE("too many commands that wait fail at once") {
  const RedisServer server;
  RedisOptions options = options_for(server.url());
  options.max_pending = 4;
  const auto client = client_of(options);
  CHECK_FALSE(many_at_once(*client, 5));
  CHECK(many_at_once(*client, 4));
  CHECK(client->status().counters.failures == 1);
}

TEST_CASE("a write counts as done when the replicas that were asked for have it") {
  const RedisServer master({"--repl-diskless-sync-delay", "0"});
  const RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(master.port())});
  REQUIRE(wait_for(":1", [&] { return master.say("WAIT 1 50"); }) == ":1");  // until it follows
  RedisOptions options = options_for(master.url());
  options.wait_replicas = 1;
  options.wait_timeout = 5s;
  const Command write = Command("SET").add("key").add("value").writing();
  CHECK(word_of(ask(*client_of(options), write)) == "OK");
  options.wait_replicas = 2;
  options.wait_timeout = 20ms;
  const auto client = client_of(options);
  const auto alone = ask(*client, write);
  CHECK(word_of(alone) == "not_replicated");
  CHECK(alone.error().code == Errc::storage);
  CHECK(alone.error().may_have_run);
  CHECK(get(*client) == "value");  // no write: nothing to confirm
}

TEST_CASE("a write behind one that fills the socket is confirmed, too") {
  const RedisServer master({"--repl-diskless-sync-delay", "0"});
  const RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(master.port())});
  REQUIRE(wait_for(":1", [&] { return master.say("WAIT 1 50"); }) == ":1");
  RedisOptions options = options_for(master.url());
  options.wait_replicas = 1;
  options.wait_timeout = 10s;
  const auto client = client_of(options);
  REQUIRE(get(*client).empty());
  const auto write_later = [&](std::size_t bytes) {
    return std::async(std::launch::async, [&client, bytes] {
      return word_of(ask(*client, Command("SET").add("k").add(std::string(bytes, 'x')).writing()));
    });
  };
  const auto wait_until = [&](auto counter, std::uint64_t count) {
    return wait_for("yes", [&] { return client->status().counters.*counter < count ? "" : "yes"; });
  };
  const RedisCounters before = client->status().counters;
  master.freeze();
  auto large = write_later(12'000'000);
  CHECK(wait_until(&RedisCounters::sends, before.sends + 1) == "yes");
  auto next = write_later(1);
  CHECK(wait_until(&RedisCounters::commands, before.commands + 2) == "yes");
  master.thaw();
  CHECK(large.get() == "OK");
  CHECK(next.get() == "OK");
}

TEST_CASE("a refused WAIT is reported as what it is") {
  const RedisServer server({"--user", "w", "on", ">p", "~*", "+@all", "-wait"});
  RedisOptions options = options_for(server.url("w:p@"));
  options.wait_replicas = 1;
  options.wait_timeout = 1s;
  const auto refused = ask(*client_of(options), Command("SET").add("key").add("v").writing());
  CHECK(word_of(refused) == "no_permission");
  CHECK(refused.error().may_have_run);
}

TEST_CASE("TLS verifies the server, and identifies the client") {
  const TlsCertificate certificate;
  const std::uint16_t port = static_cast<std::uint16_t>(fake_http_server::LocalSocket().port());
  const RedisServer secure({"--tls-port", std::to_string(port), "--tls-cert-file",
                            certificate.file(), "--tls-key-file", certificate.key_file(),
                            "--tls-ca-cert-file", certificate.file()});
  RedisOptions options = options_for("rediss://127.0.0.1:" + std::to_string(port));
  options.ca_file = certificate.file();
  CHECK(set(*client_of(options)) == "unreachable");  // no certificate
  options.certificate_file = certificate.file();
  options.key_file = certificate.key_file();
  const std::string large(1'000'000, 'x');
  const auto client = client_of(options);
  CHECK(set(*client, large) == "OK");
  CHECK(get(*client) == large);
  CHECK(many_at_once(*client, 300));
  options.server_name = "localhost";
  CHECK(get(*client_of(options)) == large);
  options.server_name = "another.example";
  CHECK(get(*client_of(options)) == "tls_failed");
  const TlsCertificate other;
  options.server_name = {};
  options.ca_file = other.file();
  CHECK(get(*client_of(options)) == "tls_failed");
}

TEST_CASE("files for TLS that cannot be read are a mistake of the options") {
  RedisOptions options = options_for("rediss://127.0.0.1");
  options.ca_file = "/no/such/file.pem";
  const auto client = make_redis_client(options);
  REQUIRE_FALSE(client);
  CHECK(client.error().code == Errc::invalid_argument);
}

TEST_CASE("replies are read in any pieces") {
  const std::string bytes = "*5\r\n$3\r\na\r\n\r\n:-7\r\n$-1\r\n*1\r\n+OK\r\n-ERR no\r\n+next\r\n";
  ReplyReader reader(1024);
  std::vector<Reply> replies;
  for (const char byte : bytes) {
    reader.feed(std::string_view(&byte, 1));
    while (auto reply = reader.next()) replies.push_back(*std::move(reply));
  }
  REQUIRE(replies.size() == 2);
  const Reply& all = replies[0];
  REQUIRE(all.size() == 5);
  CHECK(all[0].text() == "a\r\n");
  CHECK(all[1].integer() == -7);
  CHECK(all[2].is_nil());
  CHECK(all[3][0].text() == "OK");
  CHECK(all[4].is_error());
  CHECK(all[5].is_nil());
  CHECK(all[0][3].is_nil());
  CHECK(replies[1].text() == "next");
}

TEST_CASE("a hostile reply ends in an error, within bounded memory") {
  CHECK(read("$1073741824\r\n") == "more");  // its bytes are counted as they come
  CHECK(read("$1073741824\r\n" + std::string(2000, 'x')) == "too_large");
  CHECK(read("+" + std::string(2000, 'x')) == "too_large");
  CHECK(read("*1000\r\n") == "too_large");
  CHECK(read("*2147483647\r\n") == "too_large");
  CHECK(read("*2\r\n*1\r\n*1\r\n*2147483647\r\n") == "too_large");
  CHECK(read("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", 4096) ==
        "not_redis");
  CHECK(read("*9223372036854775807\r\n") == "not_redis");
  CHECK(read("$-2\r\n") == "not_redis");
  CHECK(read("HTTP/1.1 400 Bad Request\r\n\r\n") == "not_redis");
  CHECK(read("\r\n") == "not_redis");
  std::string many = "*12\r\n";
  for (int i = 0; i < 12; ++i) many += "$100\r\n" + std::string(100, 'x') + "\r\n";
  CHECK(read(many) == "too_large");
  CHECK(read(many, 4096).empty());
}

TEST_CASE("every mutation of a reply is read or refused") {
  const std::string good = "*3\r\n$5\r\nhello\r\n*2\r\n:12\r\n$-1\r\n-ERR x\r\n+OK\r\n";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(byte);
      ReplyReader reader(1 << 16);
      reader.feed(bytes);
      int replies = 0;
      while (reader.next()) ++replies;
      CHECK(replies <= 8);
    }
  }
}

TEST_CASE("a URL names one server, Sentinels or a Cluster") {
  const auto one = redis::parse_servers_url("rediss://al%40ice:s%3A@redis.example:7000/3");
  REQUIRE(one);
  CHECK(one->topology == redis::Topology::single);
  CHECK(one->tls);
  CHECK(one->credentials.user == "al@ice");
  CHECK(one->credentials.password == "s:");
  CHECK(one->database == 3);
  CHECK(address_of(one->servers[0]) == "redis.example:7000");
  const auto sentinels = redis::parse_servers_url("REDIS+Sentinel://:pw@a,b:1,[::1]/main/2");
  REQUIRE(sentinels);
  CHECK(sentinels->topology == redis::Topology::sentinel);
  CHECK(sentinels->master == "main");
  CHECK(sentinels->database == 2);
  REQUIRE(sentinels->servers.size() == 3);
  CHECK(address_of(sentinels->servers[0]) == "a:26379");
  CHECK(address_of(sentinels->servers[1]) == "b:1");
  CHECK(address_of(sentinels->servers[2]) == "[::1]:26379");
  const auto cluster = redis::parse_servers_url("redis+cluster://secret@a,b:7001");
  REQUIRE(cluster);
  CHECK(cluster->credentials.password == "secret");
  CHECK(address_of(cluster->servers[0]) == "a:6379");
}

TEST_CASE("a URL that means nothing is refused, and not repeated") {
  for (const char* text :
       {"", "redis", "http://secret@a", "redis://", "redis://secret@", "redis://a,secret",
        "redis://a/secret", "redis://a/-1", "redis://a:0", "redis://%zz@a", "redis+sentinel://a",
        "redis+sentinel://a/", "redis+sentinel://a,,b/secret", "redis+sentinel://a/secret/x",
        "redis+cluster://a/1", "redis+cluster://", "redis://a?secret", "unix:///secret"}) {
    CAPTURE(text);
    RedisOptions options;
    options.url = text;
    const auto client = make_redis_client(options);
    REQUIRE_FALSE(client);
    CHECK(client.error().code == Errc::invalid_argument);
    CHECK(client.error().detail.find("secret") == std::string::npos);
  }
}

TEST_CASE("options out of range are named") {
  RedisOptions options = options_for("redis://a");
  options.command_timeout = 0s;
  options.max_pending = 0;
  options.wait_replicas = 1;
  const auto client = make_redis_client(options);
  REQUIRE_FALSE(client);
  CHECK(client.error().detail ==
        "command_timeout must be at least 1 ms; wait_timeout must be less than command_timeout; "
        "max_pending must be at least 1");
}

TEST_CASE("connections, their ends and failed commands are events") {
  RedisServer server;
  const auto events = record_events();
  RedisOptions options = options_for(server.url());
  options.name = "shared";
  options.events = events;
  const auto client = client_of(std::move(options));
  events->during = [&client] { static_cast<void>(client->status()); };
  CHECK(word_of(ask(*client, Command("PING"))) == "PONG");
  CHECK(events->only(EventKind::redis_connected).name == "shared");
  CHECK(events->only(EventKind::redis_connected).detail == "master");
  server.stop();
  CHECK_FALSE(ask(*client, Command("PING")));
  CHECK(events->count(EventKind::redis_disconnected) >= 1);
  CHECK(events->count(EventKind::redis_failed) == 1);
}
