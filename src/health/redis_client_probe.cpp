#include <vx11/health/redis_client_probe.hpp>

#include <string>
#include <utility>
#include <vector>

#include "redis/client.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using redis::ErrorKind;

bool has_answered(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::unreachable:
    case ErrorKind::timeout:
    case ErrorKind::cancelled:
    case ErrorKind::exhausted:
      return false;
    default:
      return true;
  }
}

Result<ProbeAnswer> answer_of(redis::RedisError error) {
  if (has_answered(error.kind)) {
    return ProbeAnswer(Health::degraded, std::string(redis::to_string(error.kind)));
  }
  const bool is_unreachable = error.kind == ErrorKind::unreachable;
  return fail(is_unreachable ? Errc::unreachable : error.code, std::move(error.detail));
}

class RedisClientProbe final : public Probe {
 public:
  RedisClientProbe(std::shared_ptr<RedisClient> client, std::string key)
      : client_(std::move(client)), key_(std::move(key)) {}

  bool blocks() const noexcept override { return false; }

  Task<Result<ProbeAnswer>> look(Deadline deadline) override {
    Deadline rest = deadline;
    redis::Command command("RPUSHX");
    command.add(key_).add("1");
    auto asking = redis::run(*client_, key_, std::move(command), std::move(deadline));
    auto reply = co_await std::move(asking);
    if (!reply) co_return answer_of(std::move(reply.error()));
    std::vector<std::string> keys(1, key_);
    auto running = redis::run_script(*client_, script_, std::move(keys), {}, std::move(rest));
    reply = co_await std::move(running);
    if (!reply) co_return answer_of(std::move(reply.error()));
    co_return ProbeAnswer(Health::ok);
  }

 private:
  const std::shared_ptr<RedisClient> client_;
  const std::string key_;
  const redis::Script script_{"return 1", redis::Script::Effect::reads};
};

}  // namespace

std::shared_ptr<Probe> make_redis_client_probe(std::shared_ptr<RedisClient> client,
                                               std::string key) {
  return std::make_shared<RedisClientProbe>(std::move(client), std::move(key));
}

}  // namespace v0
}  // namespace vx11
