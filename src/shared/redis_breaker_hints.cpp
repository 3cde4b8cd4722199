#include <vx11/detail/mistakes.hpp>
#include <vx11/detail/split_mix.hpp>
#include <vx11/redis/breaker_hints.hpp>
#include <vx11/token_file.hpp>

#include <algorithm>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "redis/client.hpp"
#include "shared/random_name.hpp"
#include "shared/scripts.hpp"
#include "text/hex.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using redis::RedisResult;
using redis::Reply;

/// Used by its own coroutine alone once it has begun.
class HintExchange : public std::enable_shared_from_this<HintExchange> {
 public:
  HintExchange(std::shared_ptr<RedisClient> client, BreakerHints hints,
               std::vector<std::string> keys, RedisHintOptions options)
      : client_(std::move(client)),
        hints_(std::move(hints)),
        keys_(std::move(keys)),
        options_(std::move(options)) {}

  void begin(std::stop_token stop) { run_detached(shared_from_this(), run(std::move(stop))); }

 private:
  Task<void> run(std::stop_token stop) {
    for (;;) {
      Task<bool> sleeping = options_.timer->sleep(jittered(), stop);
      const bool is_due = co_await std::move(sleeping);
      if (!is_due || stop.stop_requested()) break;
      try {
        Task<void> exchanging = exchange(stop);
        co_await std::move(exchanging);
      } catch (...) {  // without memory it is tried again
        hints_.forget();
      }
    }
    hints_.forget();
  }

  /// 0.8 to 1.2 of the interval, so that replicas that were started together drift apart.
  Duration jittered() const {
    const double factor = 0.8 + 0.4 * detail::spread();
    return std::chrono::duration_cast<Duration>(factor * options_.interval);
  }

  std::vector<std::string> arguments() const {
    std::vector<std::string> all;
    all.push_back(options_.replica);
    const auto age = std::chrono::ceil<std::chrono::milliseconds>(options_.max_age).count();
    all.push_back(std::to_string(age));
    for (std::size_t i = 0; i < hints_.size(); ++i) all.emplace_back(hints_.is_open(i) ? "1" : "0");
    return all;
  }

  Task<void> exchange(std::stop_token stop) {
    Task<RedisResult<Reply>> running = redis::run_script(
        *client_, script_, keys_, arguments(), redis::deadline_in(options_.interval, stop));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (stop.stop_requested()) co_return;  // not a failure
    const bool is_good = reply && reply->is_array() && reply->size() == hints_.size() + 1;
    is_good ? apply(*reply) : lose();
  }

  void lose() {
    hints_.forget();
    if (options_.counters == nullptr) return;
    options_.counters->failures.fetch_add(1, std::memory_order_relaxed);
    options_.counters->live.store(0, std::memory_order_relaxed);
  }

  void apply(const Reply& reply) {
    const auto count_of = [&reply](std::size_t index) {
      return static_cast<std::uint32_t>(
          std::clamp<std::int64_t>(reply[index].integer(), 0, 1 << 30));
    };
    BreakerReports reports;
    reports.live = count_of(0);
    std::uint64_t suspicions = 0;
    for (std::size_t i = 0; i < hints_.size(); ++i) {
      reports.open = count_of(i + 1);
      if (!hints_.apply(i, reports)) continue;
      ++suspicions;
      if (options_.on_suspicion) options_.on_suspicion(hints_.target(i));
    }
    if (options_.counters == nullptr) return;
    options_.counters->exchanges.fetch_add(1, std::memory_order_relaxed);
    options_.counters->suspicions.fetch_add(suspicions, std::memory_order_relaxed);
    options_.counters->live.store(reports.live, std::memory_order_relaxed);
  }

  const std::shared_ptr<RedisClient> client_;
  BreakerHints hints_;
  const std::vector<std::string> keys_;  ///< Of the live replicas, then of each target.
  const RedisHintOptions options_;
  const redis::Script script_{shared::kExchangeHints, redis::Script::Effect::unconfirmed};
};

class Running final : public RedisBreakerHints {
 public:
  explicit Running(HintExchange& exchange) { exchange.begin(stop_.get_token()); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() override { stop_.request_stop(); }

 private:
  std::stop_source stop_ = {};
};

Result<void> check(const RedisClient* client, const std::vector<HintedBreaker>& breakers,
                   const RedisHintOptions& options) {
  detail::Mistakes mistakes;
  mistakes.add_if(client == nullptr, "the client is null");
  mistakes.add_if(options.timer == nullptr, "the timer is null");
  mistakes.require(options.interval > Duration::zero(), "interval", "above 0");
  mistakes.require(options.max_age >= options.interval, "max_age", "at least the interval");
  std::set<std::string> names;
  for (const HintedBreaker& each : breakers) {
    mistakes.add_if(each.breaker == nullptr, "the breaker of '" + each.target + "' is null");
    mistakes.add_if(!names.insert(each.target).second, "'" + each.target + "' is named twice");
  }
  return std::move(mistakes).result();
}

}  // namespace

Result<std::shared_ptr<RedisBreakerHints>> start_redis_breaker_hints(
    std::shared_ptr<RedisClient> client, std::vector<HintedBreaker> breakers,
    RedisHintOptions options) {
  if (auto checked = check(client.get(), breakers, options); !checked) {
    return fail(checked.error());
  }
  std::vector<std::string> keys;
  keys.push_back(options.prefix + "live");
  for (const HintedBreaker& each : breakers) {
    const auto digest = digest_of(each.target);
    if (!digest) return fail(digest.error());
    keys.push_back(options.prefix + "open:" + hex_of(*digest, 16));
  }
  if (options.replica.empty()) options.replica = shared::random_name();
  const BreakerHintOptions quorum = options.quorum;
  const auto exchange =
      std::make_shared<HintExchange>(std::move(client), BreakerHints(std::move(breakers), quorum),
                                     std::move(keys), std::move(options));
  return std::make_shared<Running>(*exchange);
}

}  // namespace v0
}  // namespace vx11
