#pragma once

/// \file
/// Asks Sentinels or Cluster nodes for the masters. Internal.

#include <vx11/task.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "net/loop/background_loop.hpp"
#include "redis/directory.hpp"
#include "redis/link.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// Keeps a directory up to date, from the first call of `ask_again` on: on demand, when a Sentinel
/// reports another master, and now and then. Runs on the client's own loop, once for all loops.
class Discovery : public std::enable_shared_from_this<Discovery> {
 public:
  Discovery(net_detail::BackgroundLoop& background, std::shared_ptr<Directory> directory);
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;
  virtual ~Discovery();

  /// The map may be out of date. Many calls cause one question. Thread-safe.
  void ask_again() noexcept;
  /// The client goes. To be called before its loop ends. Thread-safe.
  void close() noexcept;

 protected:
  /// Asks until a server has answered, and publishes the answer.
  /// \return why none has; none if one has
  virtual Task<std::optional<ErrorKind>> ask_all() = 0;
  /// The loop ends or the client goes.
  virtual void end() noexcept {}

  /// Sends `command` on a kept connection to `server`.
  Task<RedisResult<Reply>> ask(Url server, Command command);
  void end_link(const Url& server);
  void wake();
  bool is_over() const noexcept { return loop_->ending() || directory_->closed(); }
  net_detail::Loop& loop() const noexcept { return *loop_; }
  Directory& directory() const noexcept { return *directory_; }
  const ServersUrl& url() const noexcept { return directory_->shared().url; }
  /// For the servers that are asked.
  virtual Greeting greeting() const = 0;

 private:
  Task<void> run();
  void asked();

  const std::shared_ptr<Directory> directory_;
  std::mutex mutex_;
  net_detail::BackgroundLoop* background_;  ///< Null once the client goes.
  bool is_started_ = false;                 ///< Something has been asked.
  bool is_queued_ = false;                  ///< The job is; under the mutex, as the one above.
  net_detail::SharedJob<Discovery, &Discovery::asked> asked_job_;
  net_detail::Loop* loop_ = nullptr;  ///< From the first question on; this and the rest there only.
  bool is_running_ = false;
  bool is_wanted_ = false;
  std::optional<Call> sleep_ = std::nullopt;
  std::map<std::string, std::unique_ptr<Link>, std::less<>> links_ = {};
};

/// For the topology of `directory`; null for a single server.
std::shared_ptr<Discovery> make_discovery(net_detail::BackgroundLoop& background,
                                          std::shared_ptr<Directory> directory);

}  // namespace redis
}  // namespace v0
}  // namespace vx11
