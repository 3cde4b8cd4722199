#pragma once

/// \file
/// Calls of the Redis client, for its tests.

#include <vx11/redis.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "eventually.hpp"
#include "redis/client.hpp"

namespace redis_calls {

using vx11::Deadline;
using vx11::RedisClient;
using vx11::RedisOptions;
using vx11::redis::Command;
using vx11::redis::RedisResult;
using vx11::redis::Reply;

/// Long enough for slow machines.
constexpr auto kPatience = std::chrono::seconds(20);

inline RedisOptions options_for(std::string url) {
  RedisOptions options;
  options.url = std::move(url);
  options.connect_timeout = kPatience;
  options.command_timeout = kPatience;
  options.reconnect_cap = std::chrono::milliseconds(50);
  return options;
}

inline std::shared_ptr<RedisClient> client_of(RedisOptions options) {
  auto client = vx11::make_redis_client(std::move(options));
  REQUIRE(client);
  return *client;
}

inline std::shared_ptr<RedisClient> client_of(std::string url) {
  return client_of(options_for(std::move(url)));
}

inline RedisResult<Reply> ask(RedisClient& client, Command command, Deadline deadline = {}) {
  return sync_wait(vx11::redis::run(client, "key", std::move(command), std::move(deadline)));
}

/// The text of a reply, or the word for what went wrong.
inline std::string word_of(const RedisResult<Reply>& reply) {
  if (!reply) return std::string(to_string(reply.error().kind));
  return std::string(reply->text());
}

inline std::string set(RedisClient& client, std::string_view value = "value") {
  return word_of(ask(client, Command("SET").add("key").add(value)));
}

inline std::string get(RedisClient& client) {
  return word_of(ask(client, Command("GET").add("key")));
}

/// Repeats `look` until it returns `expected`; the last result, at the latest after `kPatience`.
template <class Look>
std::string wait_for(const std::string& expected, Look look) {
  std::string seen;
  const auto is_seen = [&] { return (seen = look()) == expected; };
  eventually(is_seen, kPatience);
  return seen;
}

}  // namespace redis_calls
