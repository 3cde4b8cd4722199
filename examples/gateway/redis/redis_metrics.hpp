#pragma once

/// \file
/// What the client of Redis has done, for `GET /metrics`.

#include <vx11/metric_family.hpp>
#include <vx11/redis.hpp>

#include <memory>
#include <vector>

namespace gateway {

/// None without a client.
std::vector<vx11::MetricFamily> redis_metrics(const std::shared_ptr<vx11::RedisClient>& client);

}  // namespace gateway
