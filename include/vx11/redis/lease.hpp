#pragma once

/// \file
/// A lease in Redis: at most one of several processes has it.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Who has a lease.
enum class LeaseHolder : std::uint8_t {
  other,     ///< Another process.
  newly_us,  ///< This object, which did not have it before, or whose time had passed.
  us,        ///< This object, which had it before.
};

/// A lease that ends by the clock of Redis, so that it outlives no process for long.
///
/// It coordinates and proves nothing: a process that stands still may act after its time has
/// passed, and a failover of Redis may lose a lease. What it protects has to bear that.
/// **Thread-safe**; outlives its tasks.
class VX11_API RedisLease {
 public:
  RedisLease() = default;
  RedisLease(const RedisLease&) = delete;
  RedisLease& operator=(const RedisLease&) = delete;
  virtual ~RedisLease() = default;

  /// Takes the lease if no other process has it. If this object gets it, or has it, it ends after
  /// `time`.
  /// \return `storage` if Redis does not say; then it may be this object's
  virtual Task<Result<LeaseHolder>> hold(Duration time) = 0;
  /// Gives it back, if this object has it.
  virtual Task<Result<void>> release() = 0;
};

/// Makes a lease. Asks for nothing yet.
/// \param key of the lease; the same in all processes that share it
/// \return `invalid_argument` if the client is null or the key is empty
VX11_API Result<std::shared_ptr<RedisLease>> make_redis_lease(std::shared_ptr<RedisClient> client,
                                                              std::string key);

}  // namespace v0
}  // namespace vx11
