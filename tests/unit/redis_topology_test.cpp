#include <vx11/redis.hpp>
#include <vx11/store/redis.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "redis/client.hpp"
#include "redis/cluster_discovery.hpp"
#include "redis_calls.hpp"
#include "redis_server.hpp"

using namespace redis_calls;
using namespace std::chrono_literals;
using namespace vx11;

namespace {

std::string at(const RedisServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

/// A master with two replicas, watched by three Sentinels, for one test case.
class ReplicaSet {
 public:
  ReplicaSet() {
    for (int i = 0; i < 2; ++i) replicas.emplace_back(replica_of(master));
    for (int i = 0; i < 3; ++i) {
      sentinels.emplace_back(std::vector<std::string>{"--sentinel"},
                             "sentinel monitor main 127.0.0.1 " + std::to_string(master.port()) +
                                 " 2\nsentinel down-after-milliseconds main 500\n"
                                 "sentinel failover-timeout main 2000\n");
    }
    for (const RedisServer& sentinel : sentinels) {
      wait_for("+OK", [&] {
        return sentinel.say("SENTINEL CKQUORUM main").starts_with("+OK 3") ? "+OK" : "";
      });
    }
    wait_for(":2", [&] { return master.say("WAIT 2 100"); });
  }

  std::string url() const {
    std::string all = "redis+sentinel://127.0.0.1:1";  // one that is not there
    for (const RedisServer& sentinel : sentinels) all += "," + at(sentinel);
    return all + "/main";
  }

  RedisServer master{{"--repl-diskless-sync-delay", "0"}};
  std::deque<RedisServer> replicas;
  std::deque<RedisServer> sentinels;

 private:
  static std::vector<std::string> replica_of(const RedisServer& master) {
    return {"--replicaof", "127.0.0.1 " + std::to_string(master.port()),
            "--repl-diskless-sync-delay", "0"};
  }
};

/// Six nodes: three masters with a third of the slots each, and a replica of each.
class Cluster {
 public:
  Cluster() {
    for (int i = 0; i < 6; ++i) nodes.emplace_back(node_arguments());
    for (std::size_t i = 0; i < 6; ++i) meet(nodes[i], i);
    const char* const ranges[] = {"0 5460", "5461 10922", "10923 16383"};
    for (std::size_t i = 0; i < 3; ++i) {
      REQUIRE(nodes[i].say(std::string("CLUSTER ADDSLOTSRANGE ") + ranges[i]) == "+OK");
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string replicate = "CLUSTER REPLICATE " + id_of(nodes[i]);
      REQUIRE(wait_for("+OK", [&] { return nodes[i + 3].say(replicate); }) == "+OK");
    }
    for (std::size_t i = 0; i < 3; ++i) wait_for(":1", [&] { return nodes[i].say("WAIT 1 100"); });
    for (const RedisServer& node : nodes) {
      wait_for("up", [&] { return node.say("GET {b}").starts_with("-CLUSTERDOWN") ? "" : "up"; });
    }
  }

  std::string url() const { return "redis+cluster://127.0.0.1:1," + at(nodes[1]); }

  static std::string id_of(const RedisServer& node) {
    const auto client = client_of("redis://" + at(node));
    return word_of(ask(*client, Command("CLUSTER").add("MYID")));
  }

  std::deque<RedisServer> nodes;

 private:
  std::vector<std::string> node_arguments() {
    std::vector<std::string> arguments =
        in_a_cluster({"--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0",
                      "--cluster-replica-validity-factor", "0"});
    buses_.push_back(arguments[1]);
    return arguments;
  }
  void meet(const RedisServer& node, std::size_t index) {
    REQUIRE(node.say("CLUSTER SET-CONFIG-EPOCH " + std::to_string(index + 1)) == "+OK");
    const std::string first = std::to_string(nodes[0].port()) + " " + buses_[0];
    if (index != 0) REQUIRE(node.say("CLUSTER MEET 127.0.0.1 " + first) == "+OK");
  }

  std::vector<std::string> buses_;
};

RedisResult<Reply> set_key(RedisClient& client, const std::string& key, const std::string& value,
                           Deadline deadline = {}) {
  Command command = Command("SET").add(key).add(value);
  return sync_wait(redis::run(client, key, std::move(command), std::move(deadline)));
}

std::string get_key(RedisClient& client, const std::string& key) {
  return word_of(sync_wait(redis::run(client, key, Command("GET").add(key), {})));
}

/// Writes numbered keys until `done`; how often it succeeded after the last failure.
template <class Done>
std::vector<std::string> write_until(RedisClient& client, Done done) {
  std::vector<std::string> since_failure;
  const auto end = std::chrono::steady_clock::now() + 2 * kPatience;
  for (int i = 0; !done(since_failure) && std::chrono::steady_clock::now() < end; ++i) {
    const std::string key = "load-" + std::to_string(i);
    const auto reply = set_key(client, key, "x");
    since_failure.push_back(key);
    if (!reply) since_failure.clear();
    std::this_thread::sleep_for(1ms);
  }
  return since_failure;
}

/// The replies, each of one line, to two commands on one connection.
std::string say_both(const RedisServer& server, const std::string& one, const std::string& two) {
  const fake_http_server::LocalSocket socket;
  REQUIRE(socket.connect_to(server.port()));
  socket.send(one + "\r\n" + two + "\r\n");
  std::string replies;
  char byte = 0;
  while (std::count(replies.begin(), replies.end(), '\n') < 2 &&
         ::recv(socket.fd(), &byte, 1, 0) == 1) {
    replies += byte;
  }
  return replies;
}

/// A user that may ask for the master, and not listen.
bool set_up_asker(const RedisServer& sentinel) {
  return say_both(sentinel, "AUTH quiet",
                  "ACL SETUSER asker on >quiet +@all -subscribe allchannels") == "+OK\r\n+OK\r\n";
}

/// Whether both replicas have all that this master has acknowledged.
bool is_replicated(const RedisServer& master) {
  return say_both(master, "SET last 1", "WAIT 2 1000") == "+OK\r\n:2\r\n";
}

std::string last_error_at(RedisClient& client, const std::string& address) {
  for (const RedisNode& node : client.status().nodes) {
    if (node.address == address) return node.last_error;
  }
  return "no such node";
}

std::shared_ptr<SessionStore> sessions_in(std::shared_ptr<RedisClient> client) {
  RedisSessionStoreOptions options;
  options.store.patience = kPatience;
  return make_redis_session_store(std::move(client), std::move(options)).value();
}

/// \return how many of the sessions have a turn more
int chat_in(SessionStore& sessions, const std::vector<std::string>& ids) {
  int stored = 0;
  for (const std::string& id : ids) {
    Turn said({"user", "ask " + id}, {"assistant", "answer " + id});
    if (sync_wait(sessions.append(id, "u", std::move(said)))) ++stored;
  }
  return stored;
}

/// Whether each of the sessions has that many messages of its own.
bool have_messages(SessionStore& sessions, const std::vector<std::string>& ids, std::size_t count) {
  for (const std::string& id : ids) {
    const auto messages = sync_wait(sessions.recent(id, 100));
    if (!messages || messages->size() != count) return false;
    if (messages->back().content != "answer " + id) return false;
  }
  return true;
}

bool all_there(RedisClient& client, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (get_key(client, key) != "x") return false;
  }
  return true;
}

}  // namespace

TEST_CASE("Sentinels: the master is found, and followed when it is moved or dies") {
  ReplicaSet set_of_three;
  RedisOptions options = options_for(set_of_three.url());
  options.connect_timeout = 500ms;
  options.command_timeout = 2s;
  const auto client = client_of(options);
  REQUIRE(set(*client) == "OK");
  CHECK(client->status().topology == "sentinel");
  const auto sessions = sessions_in(client);
  const std::vector<std::string> ids = {"a", "b", "}c"};
  CHECK(chat_in(*sessions, ids) == 3);
  const auto failovers = [&] { return client->status().counters.failovers; };

  // A failover of a healthy master, while it is in use.
  REQUIRE(set_of_three.sentinels[0].say("SENTINEL FAILOVER main") == "+OK");
  std::optional<std::size_t> before_change;
  std::vector<std::string> kept = write_until(*client, [&](const auto& written) {
    if (failovers() == 0 || written.empty()) before_change.reset();
    if (failovers() >= 1 && !before_change) before_change = written.size();
    return before_change && written.size() >= *before_change + 50;
  });
  REQUIRE(kept.size() >= 50);
  kept.erase(kept.begin(), kept.end() - 50);  // all written behind the change of the master
  CHECK(all_there(*client, kept));
  CHECK(get(*client) == "value");
  CHECK(chat_in(*sessions, ids) == 3);

  // The death of the new one, after the old one has become its replica.
  REQUIRE(wait_for("", [&] {
            return set_of_three.master.say("SET a b").starts_with("-READONLY") ? "" : "a master";
          }) == "");
  const auto before = failovers();
  for (RedisServer& replica : set_of_three.replicas) {
    if (replica.say("SET a b").starts_with("-READONLY")) continue;
    REQUIRE(eventually([&] { return is_replicated(replica); }));
    replica.stop();
  }
  kept = write_until(
      *client, [&](const auto& written) { return failovers() > before && written.size() > 50; });
  CHECK(kept.size() > 50);
  CHECK(all_there(*client, kept));
  CHECK(client->status().usable);
  CHECK(have_messages(*sessions, ids, 4));
  CHECK(chat_in(*sessions, ids) == 3);
  CHECK(have_messages(*sessions, ids, 6));
}

TEST_CASE("Sentinels that know no such master, and none that are there") {
  const RedisServer master;
  const RedisServer sentinel({"--sentinel"}, "sentinel monitor main 127.0.0.1 " +
                                                 std::to_string(master.port()) +
                                                 " 1\nrequirepass quiet\n");
  const std::string url = "redis+sentinel://" + at(sentinel);
  CHECK(get(*client_of(url + "/main")) == "auth_required");
  RedisOptions options = options_for(url + "/main");
  options.sentinel_password = "quiet";
  CHECK(set(*client_of(options)) == "OK");
  REQUIRE(set_up_asker(sentinel));
  options.sentinel_user = "asker";
  const auto deaf = client_of(options);  // may not SUBSCRIBE
  CHECK(set(*deaf) == "OK");
  CHECK(wait_for("no_permission", [&] { return last_error_at(*deaf, at(sentinel)); }) ==
        "no_permission");
  CHECK(deaf->status().usable);
  CHECK(set(*deaf) == "OK");
  options.sentinel_user.clear();
  options.url = url + "/other";
  const auto client = client_of(options);
  CHECK(get(*client) == "no_master");
  CHECK(client->status().reason == "no_master");
  CHECK(get(*client_of("redis+sentinel://127.0.0.1:1,127.0.0.1:2/main")) == "unreachable");
}

TEST_CASE("a Cluster: keys of all slots, a slot that moves, the death of a master") {
  Cluster cluster;
  RedisOptions options = options_for(cluster.url());
  options.connect_timeout = 500ms;
  options.command_timeout = 3s;
  const auto client = client_of(options);
  for (int i = 0; i < 60; ++i) {
    const std::string key = "key-" + std::to_string(i);
    CHECK(word_of(set_key(*client, key, key)) == "OK");
    CHECK(get_key(*client, key) == key);
  }
  CHECK(client->status().counters.redirections == 0);
  CHECK(client->status().nodes.size() == 4);  // with the seed that is not there
  CHECK(word_of(sync_wait(redis::run(*client, "a", Command("MGET").add("a").add("b"), {}))) ==
        "cross_slot");

  const auto sessions = sessions_in(client);
  const std::vector<std::string> moving = {"t"};  // its slot is that of {t}
  CHECK(chat_in(*sessions, moving) == 1);
  std::vector<std::string> ids = {"}", "{"};
  for (int i = 0; i < 30; ++i) ids.push_back("session " + std::to_string(i));
  CHECK(chat_in(*sessions, ids) == 32);

  // The slot of {t} moves while its keys are in use.
  const std::string slot = std::to_string(redis::slot_of("{t}"));
  REQUIRE(word_of(set_key(*client, "{t}here", "1")) == "OK");
  std::size_t from = 0;
  while (cluster.nodes[from].say("GET {t}here") != "$1") ++from;
  const std::size_t to = (from + 1) % 3;
  const RedisServer& source = cluster.nodes[from];
  const RedisServer& target = cluster.nodes[to];
  const std::string target_id = Cluster::id_of(target);
  REQUIRE(target.say("CLUSTER SETSLOT " + slot + " IMPORTING " + Cluster::id_of(source)) == "+OK");
  REQUIRE(source.say("CLUSTER SETSLOT " + slot + " MIGRATING " + target_id) == "+OK");
  CHECK(get_key(*client, "{t}here") == "1");
  CHECK(word_of(set_key(*client, "{t}there", "2")) == "OK");  // ASK
  CHECK(get_key(*client, "{t}there") == "2");
  CHECK(client->status().counters.redirections >= 2);
  const std::string endpoint = "CONFIG SET cluster-preferred-endpoint-type ";
  for (const char* type : {"unknown-endpoint", "hostname"}) {  // ASK without a host, and with ?
    REQUIRE(source.say(endpoint + type) == "+OK");
    CHECK(get_key(*client, "{t}there") == "2");
  }
  REQUIRE(source.say(endpoint + "ip") == "+OK");
  const auto half = Deadline::after(SteadyClock().now(), 100ms);
  Command both = Command("MGET").add("{t}here").add("{t}there");
  CHECK(word_of(sync_wait(redis::run(*client, "{t}", both, half))) == "try_again");
  const std::string migrate =
      "MIGRATE 127.0.0.1 " + std::to_string(target.port()) + " {t}here 0 5000";
  CHECK(source.say(migrate) == "+OK");
  CHECK(chat_in(*sessions, moving) == 1);
  CHECK(source.say("MIGRATE 127.0.0.1 " + std::to_string(target.port()) + " vx11:s:{t} 0 5000") ==
        "+OK");
  CHECK(chat_in(*sessions, moving) == 1);  // ASK
  CHECK(sync_wait(redis::run(*client, "{t}", both, {}))->size() == 2);
  const redis::Script script("return redis.call('INCR', KEYS[1])");
  CHECK(sync_wait(redis::run_script(*client, script, {"{t}here"}, {}, {}))->integer() == 2);  // ASK
  for (const RedisServer* node : {&target, &source}) {
    REQUIRE(node->say("CLUSTER SETSLOT " + slot + " NODE " + target_id) == "+OK");
  }
  CHECK(get_key(*client, "{t}here") == "2");  // MOVED

  // A script on each node, and the death of one of them.
  for (const char* key : {"{a}n", "{b}n", "{c}n", "{t}n"}) {
    CHECK(sync_wait(redis::run_script(*client, script, {key}, {}, {}))->integer() == 1);
  }
  cluster.nodes[to].stop();
  const auto kept = write_until(*client, [&](const auto& written) {
    return written.size() > 300 && client->status().usable;
  });
  CHECK(kept.size() > 300);
  CHECK(all_there(*client, kept));
  CHECK(wait_for("2", [&] { return get_key(*client, "{t}here"); }) == "2");
  CHECK(have_messages(*sessions, moving, 6));
  CHECK(have_messages(*sessions, ids, 2));
  CHECK(chat_in(*sessions, ids) == 32);
  CHECK(have_messages(*sessions, ids, 4));
}

TEST_CASE("slots are read from nodes that do not know their own name, and nonsense is refused") {
  const auto read = [](const std::string& bytes) {
    redis::ReplyReader reader(1 << 16);
    reader.feed(bytes);
    return redis::read_slots(*reader.next(), *redis::server_at("10.0.0.9", 6379));
  };
  const auto map = read(
      "*2\r\n*3\r\n:0\r\n:1\r\n*2\r\n$0\r\n\r\n:7000\r\n"
      "*3\r\n:2\r\n:2\r\n*3\r\n$3\r\n::1\r\n:7001\r\n$1\r\nx\r\n");
  REQUIRE(map);
  REQUIRE(map->masters.size() == 2);
  CHECK(redis::address_of(map->masters[0]) == "10.0.0.9:7000");
  CHECK(redis::address_of(map->masters[1]) == "[::1]:7001");
  CHECK(map->of_slot[1] == 0);
  CHECK(map->of_slot[2] == 1);
  CHECK(map->of_slot[3] == redis::ServerMap::kNone);
  // No host, and a node without a host name: its address is in the metadata, or not known.
  const auto unnamed = read(
      "*3\r\n*3\r\n:0\r\n:0\r\n*4\r\n$-1\r\n:7000\r\n$1\r\nx\r\n*0\r\n"
      "*3\r\n:1\r\n:1\r\n*4\r\n$1\r\n?\r\n:7000\r\n$1\r\ny\r\n*2\r\n$2\r\nip\r\n$8\r\n10.0.0.7\r\n"
      "*3\r\n:2\r\n:2\r\n*4\r\n$1\r\n?\r\n:7000\r\n$1\r\nz\r\n*0\r\n");
  REQUIRE(unnamed);
  REQUIRE(unnamed->masters.size() == 2);
  CHECK(redis::address_of(unnamed->masters[unnamed->of_slot[0]]) == "10.0.0.9:7000");
  CHECK(redis::address_of(unnamed->masters[unnamed->of_slot[1]]) == "10.0.0.7:7000");
  CHECK(unnamed->of_slot[2] == redis::ServerMap::kNone);
  CHECK(read("*0\r\n")->masters.empty());
  CHECK_FALSE(read("+OK\r\n"));
  CHECK_FALSE(read("*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:7000\r\n"));
  CHECK_FALSE(read("*1\r\n*3\r\n:-1\r\n:5\r\n*2\r\n$1\r\na\r\n:7000\r\n"));
  CHECK_FALSE(read("*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\na\r\n:7000\r\n"));
  CHECK_FALSE(read("*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$1\r\na\r\n:70000\r\n"));
  CHECK_FALSE(read("*1\r\n*3\r\n:0\r\n:5\r\n*2\r\n$3\r\na b\r\n:7000\r\n"));
  CHECK_FALSE(read("*1\r\n+x\r\n"));
}

TEST_CASE("a server that has left the map leaves the status with its last connection") {
  redis::NodeBoard board;
  board.connected("10.0.0.1:1", "master");
  board.connected("10.0.0.2:1", "master");
  board.failed("10.0.0.3:1", redis::ErrorKind::unreachable);
  board.keep_only({"10.0.0.1:1"});
  CHECK(board.nodes().size() == 2);
  board.disconnected("10.0.0.2:1", redis::ErrorKind::unreachable);
  board.disconnected("10.0.0.1:1", redis::ErrorKind::unreachable);
  REQUIRE(board.nodes().size() == 1);
  CHECK(board.nodes()[0].address == "10.0.0.1:1");
}

TEST_CASE("a key's slot is that of its hash tag") {
  CHECK(redis::slot_of("123456789") == 0x31C3);
  CHECK(redis::slot_of("foo") == 12182);
  CHECK(redis::slot_of("{user1000}.following") == redis::slot_of("user1000"));
  CHECK(redis::slot_of("foo{{bar}}zap") == redis::slot_of("{bar"));
  CHECK(redis::slot_of("foo{bar}{zap}") == redis::slot_of("bar"));
  CHECK(redis::slot_of("foo{}{bar}") != redis::slot_of("bar"));
  CHECK(redis::slot_of("") == 0);
}
