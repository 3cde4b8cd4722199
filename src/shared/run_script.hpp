#pragma once

/// \file
/// Scripts with several keys, all in one slot. Internal.

#include <vx11/deadline.hpp>
#include <vx11/redis.hpp>
#include <vx11/task.hpp>

#include <string>
#include <vector>

#include "redis/client.hpp"
#include "redis/command.hpp"

namespace vx11 {
inline namespace v0 {
namespace shared {

/// \param script whether it `writes()` decides only if replicas have to confirm it (WAIT)
/// \param keys at least one; the first one picks the node
Task<redis::RedisResult<redis::Reply>> run_script(RedisClient& client, const redis::Script& script,
                                                  std::vector<std::string> keys,
                                                  std::vector<std::string> arguments,
                                                  Deadline deadline);

}  // namespace shared
}  // namespace v0
}  // namespace vx11
