#include <vx11/detail/mistakes.hpp>
#include <vx11/redis/lease.hpp>

#include <chrono>
#include <utility>
#include <vector>

#include "redis/client.hpp"
#include "shared/random_name.hpp"
#include "shared/scripts.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using redis::RedisResult;
using redis::Reply;

class Lease final : public RedisLease {
 public:
  Lease(std::shared_ptr<RedisClient> client, std::string key)
      : client_(std::move(client)), key_(std::move(key)) {}

  Task<Result<LeaseHolder>> hold(Duration time) override {
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(time);
    Task<RedisResult<Reply>> running = run(hold_, std::to_string(whole.count()));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply) co_return fail(static_cast<const Error&>(reply.error()));
    if (reply->text() == "taken") co_return LeaseHolder::newly_us;
    co_return reply->text() == "kept" ? LeaseHolder::us : LeaseHolder::other;
  }

  Task<Result<void>> release() override {
    Task<RedisResult<Reply>> running = run(release_, std::string());
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply) co_return fail(static_cast<const Error&>(reply.error()));
    co_return Result<void>();
  }

 private:
  Task<RedisResult<Reply>> run(const redis::Script& script, std::string time) const {
    std::vector<std::string> keys(1, key_);
    std::vector<std::string> arguments;
    arguments.push_back(name_);
    arguments.push_back(std::move(time));
    Deadline never;
    return redis::run_script(*client_, script, std::move(keys), std::move(arguments),
                             std::move(never));
  }

  const std::shared_ptr<RedisClient> client_;
  const std::string key_;
  const std::string name_ = shared::random_name();
  const redis::Script hold_{shared::kHoldLease};
  const redis::Script release_{shared::kReleaseLease};
};

}  // namespace

Result<std::shared_ptr<RedisLease>> make_redis_lease(std::shared_ptr<RedisClient> client,
                                                     std::string key) {
  detail::Mistakes mistakes;
  mistakes.add_if(client == nullptr, "the client is null");
  mistakes.add_if(key.empty(), "the key is empty");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<Lease>(std::move(client), std::move(key));
}

}  // namespace v0
}  // namespace vx11
