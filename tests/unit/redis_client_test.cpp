#include <vx11/redis.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "redis/client.hpp"
#include "redis_server.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using redis::Command;
using redis::ErrorKind;
using redis::RedisResult;
using redis::Reply;

namespace {

/// Long enough for slow machines.
constexpr auto kPatience = 20s;

RedisOptions options_for(std::string url) {
  RedisOptions options;
  options.url = std::move(url);
  options.connect_timeout = kPatience;
  options.command_timeout = kPatience;
  return options;
}

std::shared_ptr<RedisClient> client_of(RedisOptions options) {
  auto client = make_redis_client(std::move(options));
  REQUIRE(client);
  return *client;
}

RedisResult<Reply> ask(RedisClient& client, Command command, Deadline deadline = {}) {
  return sync_wait(redis::run(client, "key", std::move(command), std::move(deadline)));
}

std::string word_of(const RedisResult<Reply>& reply) {
  if (!reply) return std::string(redis::to_string(reply.error().kind));
  return std::string(reply->text());
}

}  // namespace

TEST_CASE("values are stored and read, with any bytes") {
  const RedisServer server;
  const auto client = client_of(options_for(server.url()));
  const std::string bytes("\0\r\n$3\xff", 7);
  CHECK(word_of(ask(*client, Command("SET").add("key").add(bytes))) == "OK");
  CHECK(word_of(ask(*client, Command("GET").add("key"))) == bytes);
  CHECK(ask(*client, Command("GET").add("other"))->is_nil());
  CHECK(ask(*client, Command("INCRBY").add("n").add(-7))->integer() == -7);
  CHECK(client->status().counters.connections == 1);
}
