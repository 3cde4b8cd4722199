#pragma once

/// \file
/// A client of a real Redis, for the tests of what replicas share.

#include <vx11/redis.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "eventually.hpp"
#include "redis/client.hpp"
#include "redis_server.hpp"

namespace shared_redis_site {

inline std::shared_ptr<vx11::RedisClient> client_of(const RedisServer& server) {
  vx11::RedisOptions options;
  options.url = server.url();
  // A busy machine is no failure.
  options.connect_timeout = options.command_timeout = std::chrono::seconds(10);
  return vx11::make_redis_client(std::move(options)).value();
}

inline vx11::redis::Reply command(vx11::RedisClient& client,
                                  const std::vector<std::string>& words) {
  vx11::redis::Command command(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) command.add(words[i]);
  auto reply = vx11::sync_wait(vx11::redis::run(client, "key", std::move(command), {}));
  REQUIRE(reply.has_value());
  return *std::move(reply);
}

/// Makes the server a Cluster of one node, in which keys of two slots may not be used together.
inline bool becomes_cluster(vx11::RedisClient& client) {
  command(client, {"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
  return eventually([&] {
    return command(client, {"CLUSTER", "INFO"}).text().find("cluster_state:ok") !=
           std::string_view::npos;
  });
}

}  // namespace shared_redis_site
