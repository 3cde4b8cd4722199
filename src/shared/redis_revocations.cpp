#include <vx11/detail/mistakes.hpp>
#include <vx11/detail/split_mix.hpp>
#include <vx11/redis/revocations.hpp>

#include <cstdint>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include "redis/client.hpp"
#include "shared/random_name.hpp"
#include "shared/scripts.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using redis::RedisResult;
using redis::Reply;

/// What looks and revokes. Looks take place in its own coroutine and after a revocation, which may
/// overlap: the one that has begun last wins.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(std::shared_ptr<RedisClient> client, std::shared_ptr<Revocations> revoked,
        RedisRevocationOptions options)
      : client_(std::move(client)), revoked_(std::move(revoked)), options_(std::move(options)) {}

  void begin(std::stop_token stop) { run_detached(shared_from_this(), run(std::move(stop))); }

  Task<Result<void>> revoke(std::string principal, std::chrono::seconds lifetime) {
    std::vector<std::string> arguments;
    arguments.push_back(std::move(principal));
    arguments.push_back(std::to_string(std::chrono::milliseconds(lifetime).count()));
    arguments.push_back(shared::random_name());
    Deadline never;
    Task<RedisResult<Reply>> running =
        redis::run_script(*client_, revoke_, keys(), std::move(arguments), std::move(never));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply) co_return fail(static_cast<const Error&>(reply.error()));
    Task<bool> looking = look();
    const bool is_in_force = co_await std::move(looking);
    if (!is_in_force) co_return fail(Errc::storage, "revoked, but not yet in force here");
    co_return Result<void>();
  }

 private:
  Task<void> run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      try {
        Task<bool> looking = look();
        co_await std::move(looking);
      } catch (...) {  // without memory it is tried again
      }
      const double factor = 0.8 + 0.4 * detail::spread();
      Task<bool> sleeping = options_.timer->sleep(
          std::chrono::duration_cast<Duration>(factor * options_.interval), stop);
      const bool is_due = co_await std::move(sleeping);
      if (!is_due) co_return;
    }
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    all.push_back(options_.prefix + "until");
    all.push_back(options_.prefix + "version");
    return all;
  }

  /// \return whether the revocations are those in Redis
  Task<bool> look() {
    std::vector<std::string> arguments;
    std::uint64_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = ++begun_;
      arguments.push_back(version_);
    }
    arguments.push_back(shared::random_name());
    Task<RedisResult<Reply>> running = redis::run_script(
        *client_, read_, keys(), std::move(arguments), redis::deadline_in(options_.interval));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply) co_return false;
    if (reply->is_array() && reply->size() > 0) take_over(number, *reply);
    co_return true;
  }

  /// A look that has begun later, and so after the same revocations, may have been answered first.
  void take_over(std::uint64_t number, const Reply& reply) {
    std::vector<std::string> principals;
    for (std::size_t i = 1; i < reply.size(); ++i) principals.emplace_back(reply[i].text());
    const std::lock_guard lock(mutex_);
    if (number < taken_) return;
    taken_ = number;
    version_ = reply[0].text();
    revoked_->replace(std::move(principals));
  }

  const std::shared_ptr<RedisClient> client_;
  const std::shared_ptr<Revocations> revoked_;
  const RedisRevocationOptions options_;
  const redis::Script read_{shared::kReadRevoked, redis::Script::Effect::reads};
  const redis::Script revoke_{shared::kRevoke};
  std::mutex mutex_;
  std::string version_ = {};  ///< Empty before the first look.
  std::uint64_t begun_ = 0;   ///< Looks.
  std::uint64_t taken_ = 0;   ///< The look that `version_` is of.
};

class Running final : public RedisRevocations {
 public:
  explicit Running(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {
    watch_->begin(stop_.get_token());
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() override { stop_.request_stop(); }

  Task<Result<void>> revoke(std::string principal, std::chrono::seconds lifetime) override {
    return watch_->revoke(std::move(principal), lifetime);
  }

 private:
  std::shared_ptr<Watch> watch_;
  std::stop_source stop_ = {};
};

}  // namespace

Result<std::shared_ptr<RedisRevocations>> start_redis_revocations(
    std::shared_ptr<RedisClient> client, std::shared_ptr<Revocations> revoked,
    RedisRevocationOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(client == nullptr, "the client is null");
  mistakes.add_if(revoked == nullptr, "the revocations are null");
  mistakes.add_if(options.timer == nullptr, "the timer is null");
  mistakes.require(options.interval > Duration::zero(), "interval", "above 0");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<Running>(
      std::make_shared<Watch>(std::move(client), std::move(revoked), std::move(options)));
}

}  // namespace v0
}  // namespace vx11
