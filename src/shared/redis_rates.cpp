#include <vx11/circuit_breaker.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/redis/shared_rates.hpp>
#include <vx11/token_file.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "redis/client.hpp"
#include "shared/scripts.hpp"
#include "text/hex.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using redis::RedisResult;
using redis::Reply;

/// As the decision of this process alone would be: `RequestLimits` bursts the whole rate.
struct Pace {
  std::int64_t interval = 0;  ///< Nanoseconds; 0: no such rate.
  std::int64_t tolerance = 0;
};

Pace pace_of(std::int64_t requests, Duration period) noexcept {
  const std::int64_t interval = std::max<std::int64_t>(period.count() / requests, 1);
  return {interval, interval * (requests - 1)};
}
Pace pace_of(const std::optional<RequestRate>& rate) noexcept {
  return rate ? pace_of(rate->requests, rate->period) : Pace();
}
Pace pace_of(std::uint32_t tokens_per_minute) noexcept {
  return tokens_per_minute > 0 ? pace_of(tokens_per_minute, std::chrono::minutes(1)) : Pace();
}

CircuitBreakerOptions breaker_options(const RedisRatesOptions& options) {
  CircuitBreakerOptions with;
  with.open_for = options.pause;
  with.probe_timeout = options.timeout * 10;
  if (!options.on_change) return with;
  with.on_transition = [on_change = options.on_change](const CircuitTransition& change) {
    if (change.from == CircuitState::closed) on_change(false);
    if (change.to == CircuitState::closed) on_change(true);
  };
  return with;
}

/// Half a SHA-256: no two principals share a key by chance, and none can be made to.
Result<std::string> name_of(const std::string& text) {
  const auto digest = digest_of(text);
  if (!digest) return fail(digest.error());
  return hex_of(*digest, 16);
}

Result<SharedRateDecision> decision_of(const Reply& reply) {
  constexpr RequestLimit kRefusing[] = {RequestLimit::tokens_per_minute, RequestLimit::per_token,
                                        RequestLimit::per_session};
  const std::int64_t refused = reply[0].integer();
  if (!reply.is_array() || reply.size() != 4 || refused < 0 || refused > 3) {
    return fail(Errc::storage, "redis did not answer as the script does");
  }
  SharedRateDecision decision;
  if (refused > 0) decision.refused = kRefusing[refused - 1];
  decision.wait = Duration(reply[1].integer());
  decision.token_backlog = Duration(reply[2].integer());
  decision.session_backlog = Duration(reply[3].integer());
  return decision;
}

class RedisRates final : public SharedRates, public std::enable_shared_from_this<RedisRates> {
 public:
  RedisRates(std::shared_ptr<RedisClient> client, RedisRatesOptions options)
      : client_(std::move(client)),
        options_(std::move(options)),
        breaker_(breaker_options(options_), options_.clock) {}

  Task<Result<SharedRateDecision>> take(SharedRateRequest request, Deadline deadline) override {
    auto permit = breaker_.try_acquire();
    if (!permit) co_return fail(permit.error());
    auto keys = keys_of(request.principal, &request.session);
    if (!keys) co_return fail(keys.error());
    Deadline until = deadline.capped(SteadyClock().now(), options_.timeout);
    Task<RedisResult<Reply>> running = redis::run_script(*client_, take_, *std::move(keys),
                                                         arguments_of(request), std::move(until));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply) {
      if (!deadline.cancelled()) permit->failure();
      co_return fail(static_cast<const Error&>(reply.error()));
    }
    permit->success();
    co_return decision_of(*reply);
  }

  void charge(const std::string& principal, std::uint32_t tokens_per_minute,
              std::uint64_t tokens) noexcept override {
    if (tokens_per_minute == 0 || tokens == 0 || breaker_.state() != CircuitState::closed) return;
    try {
      const std::int64_t interval = pace_of(tokens_per_minute).interval;
      const auto most = static_cast<std::uint64_t>(kLongestDebt.count() / interval);
      const auto cost = static_cast<std::int64_t>(std::min(tokens, most)) * interval;
      auto keys = keys_of(principal, nullptr);
      if (!keys) return;
      run_detached(shared_from_this(), charge_later(*std::move(keys), std::to_string(cost)));
    } catch (...) {  // without memory the tokens are not charged
    }
  }

 private:
  static constexpr Duration kLongestDebt = std::chrono::hours(24);

  Result<std::vector<std::string>> keys_of(const std::string& principal,
                                           const std::string* session) const {
    auto name = name_of(principal);
    if (!name) return fail(name.error());
    std::vector<std::string> keys;
    keys.push_back(options_.prefix + '{' + *name + '}');
    if (session == nullptr) return keys;
    auto of_session = name_of(*session);
    if (!of_session) return fail(of_session.error());
    keys.push_back(keys.front() + ':' + *of_session);
    return keys;
  }

  static std::vector<std::string> arguments_of(const SharedRateRequest& request) {
    std::vector<std::string> arguments;
    for (const Pace& pace : {pace_of(request.tokens_per_minute), pace_of(request.per_token),
                             pace_of(request.per_session)}) {
      arguments.push_back(std::to_string(pace.interval));
      arguments.push_back(std::to_string(pace.tolerance));
    }
    return arguments;
  }

  Task<void> charge_later(std::vector<std::string> keys, std::string cost) {
    std::vector<std::string> arguments;
    arguments.push_back(std::move(cost));
    try {
      Task<RedisResult<Reply>> running =
          redis::run_script(*client_, charge_, std::move(keys), std::move(arguments),
                            redis::deadline_in(options_.timeout * 10));
      co_await std::move(running);
    } catch (...) {  // as above
    }
  }

  const std::shared_ptr<RedisClient> client_;
  const RedisRatesOptions options_;
  const redis::Script take_{shared::rate_script(shared::kTakeRates),
                            redis::Script::Effect::unconfirmed};
  const redis::Script charge_{shared::rate_script(shared::kChargeTokens),
                              redis::Script::Effect::unconfirmed};
  CircuitBreaker breaker_;
};

}  // namespace

Result<std::shared_ptr<SharedRates>> make_redis_shared_rates(std::shared_ptr<RedisClient> client,
                                                             RedisRatesOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(client == nullptr, "the client is null");
  mistakes.require(options.timeout > Duration::zero(), "timeout", "above 0");
  mistakes.require(options.pause > Duration::zero(), "pause", "above 0");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<RedisRates>(std::move(client), std::move(options));
}

}  // namespace v0
}  // namespace vx11
