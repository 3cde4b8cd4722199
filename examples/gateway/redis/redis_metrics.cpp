#include "gateway/redis/redis_metrics.hpp"

#include <array>
#include <cstdint>

namespace gateway {

namespace {

struct CounterFamily {
  const char* name;
  const char* help;
  std::uint64_t vx11::RedisCounters::*value;
};

constexpr std::array<CounterFamily, 9> kCounters = {{
    {"vx11_redis_commands_total", "Commands for Redis, with their failures.",
     &vx11::RedisCounters::commands},
    {"vx11_redis_failures_total", "Commands for Redis that failed.",
     &vx11::RedisCounters::failures},
    {"vx11_redis_timeouts_total", "Commands that Redis did not answer in time.",
     &vx11::RedisCounters::timeouts},
    {"vx11_redis_sends_total", "Batches of commands that were sent to Redis together.",
     &vx11::RedisCounters::sends},
    {"vx11_redis_connections_total", "Connections to Redis that became usable.",
     &vx11::RedisCounters::connections},
    {"vx11_redis_disconnections_total", "Connections to Redis that an error ended.",
     &vx11::RedisCounters::disconnections},
    {"vx11_redis_redirections_total", "MOVED and ASK of a Redis Cluster.",
     &vx11::RedisCounters::redirections},
    {"vx11_redis_repetitions_total", "Commands sent again, because Redis had not executed them.",
     &vx11::RedisCounters::repetitions},
    {"vx11_redis_failovers_total", "Changes of the Redis master, or of the slots of a Cluster.",
     &vx11::RedisCounters::failovers},
}};

}  // namespace

std::vector<vx11::MetricFamily> redis_metrics(const std::shared_ptr<vx11::RedisClient>& client) {
  std::vector<vx11::MetricFamily> families;
  if (client == nullptr) return families;
  for (const CounterFamily& counter : kCounters) {
    vx11::MetricFamily family{.name = counter.name, .help = counter.help};
    family.series.push_back(
        {.value = [client, value = counter.value] { return client->status().counters.*value; }});
    families.push_back(std::move(family));
  }
  families.push_back({.name = "vx11_redis_usable",
                      .help = "1: a Redis master was reached at the last attempt.",
                      .kind = vx11::MetricKind::gauge,
                      .series = {{.value = [client] {
                        return std::uint64_t{client->status().usable ? 1U : 0U};
                      }}}});
  return families;
}

}  // namespace gateway
