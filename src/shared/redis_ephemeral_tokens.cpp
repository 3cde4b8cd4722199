#include <vx11/detail/mistakes.hpp>
#include <vx11/redis/ephemeral_tokens.hpp>

#include <utility>

#include "auth/ephemeral_token.hpp"
#include "redis/client.hpp"
#include "text/hex.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using redis::Command;
using redis::RedisResult;
using redis::Reply;

class RedisEphemeralTokens final : public EphemeralTokens {
 public:
  RedisEphemeralTokens(std::shared_ptr<RedisClient> client, RedisEphemeralTokensOptions options)
      : client_(std::move(client)), options_(std::move(options)) {}

  Task<Result<std::string>> issue(std::string principal, std::string purpose,
                                  std::chrono::seconds lifetime) override {
    if (auto checked = ephemeral::check(purpose, lifetime); !checked) {
      co_return fail(std::move(checked.error()));
    }
    Result<std::string> token = make_token();
    if (!token) co_return token;
    Result<std::string> key = key_of(purpose, *token);
    if (!key) co_return fail(std::move(key.error()));
    Command command("SET");
    command.add(*key).add(principal).add("EX").add(lifetime.count()).writing();
    Task<RedisResult<Reply>> running = run(*std::move(key), std::move(command));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply) co_return fail(static_cast<const Error&>(reply.error()));
    co_return token;
  }

  Task<Result<std::optional<std::string>>> redeem(std::string token, std::string purpose) override {
    Result<std::string> key = key_of(purpose, token);
    if (!key) co_return fail(std::move(key.error()));
    Command command("GETDEL");
    command.add(*key).writing();
    Task<RedisResult<Reply>> running = run(*std::move(key), std::move(command));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply) co_return fail(static_cast<const Error&>(reply.error()));
    std::optional<std::string> principal;
    if (!reply->is_nil()) principal = reply->text();
    co_return principal;
  }

 private:
  Result<std::string> key_of(std::string_view purpose, std::string_view token) const {
    const Result<TokenDigest> digest = ephemeral::digest_for(purpose, token);
    if (!digest) return fail(digest.error());
    return options_.prefix + hex_of(*digest, digest->size());
  }

  Task<RedisResult<Reply>> run(std::string key, Command command) {
    return redis::run(*client_, std::move(key), std::move(command),
                      redis::deadline_in(options_.limit));
  }

  const std::shared_ptr<RedisClient> client_;
  const RedisEphemeralTokensOptions options_;
};

}  // namespace

Result<std::shared_ptr<EphemeralTokens>> make_redis_ephemeral_tokens(
    std::shared_ptr<RedisClient> client, RedisEphemeralTokensOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(client == nullptr, "the client is null");
  mistakes.require(options.limit > Duration::zero(), "limit", "above 0");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<RedisEphemeralTokens>(std::move(client), std::move(options));
}

}  // namespace v0
}  // namespace vx11
