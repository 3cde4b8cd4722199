#pragma once

/// \file
/// What the stores ask of Redis. Internal.

#include <vx11/deadline.hpp>
#include <vx11/redis.hpp>
#include <vx11/task.hpp>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "net/loop/background_loop.hpp"
#include "redis/command.hpp"
#include "redis/directory.hpp"
#include "redis/discovery.hpp"
#include "redis/error.hpp"
#include "redis/loop_client.hpp"
#include "redis/reply.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// Ends after `limit`, by the clock that `run` measures it with, which no option replaces.
inline Deadline deadline_in(Duration limit, std::stop_token stop = {}) {
  return Deadline::after(SteadyClock().now(), limit, std::move(stop));
}

/// Runs one command on the server that has `key`, on the caller's event loop or, without one, on
/// the client's. Takes no longer than `deadline` and `command_timeout`.
/// \param first gets the reply to the command in front (`Command::after`), which may be an error
///        line; nil if that was left out, as it is where a slot of a Cluster moves. Null: it is not
///        looked at. Outlives the task
/// \return the reply, which is no error line; an error says whether the command may have been
///         executed
Task<RedisResult<Reply>> run(RedisClient& client, std::string key, Command command,
                             Deadline deadline, Reply* first = nullptr);

/// Runs `script`. Sent as its digest; in full only to a server that does not have it yet.
/// \param script outlives the call
/// \param keys at least one, all in one slot; the first one decides on the server
Task<RedisResult<Reply>> run_script(RedisClient& client, const Script& script,
                                    std::vector<std::string> keys,
                                    std::vector<std::string> arguments, Deadline deadline);

/// The parts of a `RedisClient`. Thread-safe.
class Client {
 public:
  explicit Client(std::shared_ptr<Shared> shared);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// The calling thread's loop, or the client's own; null if that cannot be started.
  net_detail::Loop* loop_here() noexcept;
  /// On that loop's thread.
  LoopClient& on(net_detail::Loop& loop);
  RedisStatus status() const;

 private:
  std::string why_unusable(const std::vector<RedisNode>& nodes) const;

  const std::uint64_t owner_;
  const std::shared_ptr<Directory> directory_;
  net_detail::BackgroundLoop background_;
  const std::shared_ptr<Discovery> discovery_;  ///< Null with a single server.
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
