#include <vx11/detail/mistakes.hpp>
#include <vx11/detail/split_mix.hpp>
#include <vx11/redis/idempotency_store.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "redis/client.hpp"
#include "shared/answer_codec.hpp"
#include "shared/random_name.hpp"
#include "shared/scripts.hpp"
#include "text/hex.hpp"
#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Kind = IdempotencyClaim::Kind;
using redis::RedisResult;
using redis::Reply;

constexpr char kInProgress = 'P';
constexpr char kAnswered = 'A';

std::string_view bytes_of(const Sha256& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string milliseconds_of(Duration time) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return std::to_string(std::max<std::int64_t>(count, 1));
}

/// A value of the scripts.
struct Value {
  explicit Value(std::string_view bytes) noexcept {
    constexpr std::size_t kDigest = sizeof(Sha256);
    if (bytes.size() <= kDigest) return;
    kind = bytes.front();
    content = bytes.substr(1, kDigest);
    rest = bytes.substr(1 + kDigest);
  }
  char kind = '\0';
  std::string_view content = {};
  std::string_view rest = {};
};

class RedisStore final : public IdempotencyStore, public std::enable_shared_from_this<RedisStore> {
 public:
  RedisStore(std::shared_ptr<RedisClient> client, RedisIdempotencyOptions options)
      : client_(std::move(client)), options_(std::move(options)) {}

  Task<IdempotencyClaim> claim(IdempotencyId id, Deadline until) override {
    const std::uint64_t ticket = ++tickets_;
    Duration pause = options_.first_pause;
    for (;;) {
      Task<IdempotencyClaim> looking = look(id, ticket, until.stop_token());
      IdempotencyClaim found = co_await std::move(looking);
      if (found.kind != Kind::busy || until.cancelled()) co_return std::move(found);
      const Duration left = until.remaining(options_.clock.now());
      if (left <= Duration::zero()) co_return std::move(found);
      Task<bool> sleeping =
          options_.timer->sleep(std::min(left, jittered(pause)), until.stop_token());
      const bool overslept = co_await std::move(sleeping);
      if (!overslept) co_return std::move(found);
      pause = std::min(2 * pause, options_.longest_pause);
    }
  }

  Task<void> keep(IdempotencyId id, std::uint64_t ticket, HttpResponse answer) override {
    if (shared::encoded_size(answer) > options_.answer_bytes) {
      release(id, ticket);
      co_return;
    }
    std::string value(1, kAnswered);
    value.append(bytes_of(id.content)).append(shared::encoded(answer));
    Deadline soon = redis::deadline_in(options_.keep_wait);
    Task<bool> settling = settle(id, ticket, value, options_.lifetime, std::move(soon));
    const bool is_kept = co_await std::move(settling);
    if (is_kept) {
      end_lease(ticket);
    } else {
      run_detached(shared_from_this(), keep_later(id, ticket, std::move(value)));
    }
  }

  void release(const IdempotencyId& id, std::uint64_t ticket) noexcept override {
    try {
      end_lease(ticket);
      run_detached(shared_from_this(), give_back(id, ticket));
    } catch (...) {  // without memory the lease ends by itself
    }
  }

 private:
  std::string key_of(const IdempotencyId& id) const {
    return options_.prefix + hex_of(id.key, id.key.size());
  }
  /// The value of a key while the holder of `ticket` has it.
  std::string granted_value(const IdempotencyId& id, std::uint64_t ticket) const {
    std::string value(1, kInProgress);
    return value.append(bytes_of(id.content)).append(owner_of(ticket));
  }
  std::string owner_of(std::uint64_t ticket) const { return name_ + std::to_string(ticket); }

  static Duration jittered(Duration pause) {
    return pause - std::chrono::duration_cast<Duration>(0.25 * detail::spread() * pause);
  }

  Task<IdempotencyClaim> look(IdempotencyId id, std::uint64_t ticket, std::stop_token stop) {
    std::vector<std::string> keys;
    keys.push_back(key_of(id));
    std::vector<std::string> arguments;
    arguments.emplace_back(bytes_of(id.content));
    arguments.push_back(owner_of(ticket));
    arguments.push_back(milliseconds_of(options_.lease));
    Task<RedisResult<Reply>> running =
        redis::run_script(*client_, claim_, std::move(keys), std::move(arguments),
                          Deadline(TimePoint::max(), std::move(stop)));
    const RedisResult<Reply> reply = co_await std::move(running);
    if (!reply && reply.error().may_have_run) release(id, ticket);
    if (!reply) co_return IdempotencyClaim(Kind::failed);
    if (reply->is_nil()) co_return grant(id, ticket);
    co_return read(Value(reply->text()), id, ticket);
  }

  /// A key that this request has already is one that was claimed without a reply: it was repeated.
  IdempotencyClaim read(const Value& value, const IdempotencyId& id, std::uint64_t ticket) {
    if (value.kind == kInProgress && value.rest == owner_of(ticket)) return grant(id, ticket);
    if (value.kind != kInProgress && value.kind != kAnswered) return IdempotencyClaim();
    if (value.content != bytes_of(id.content)) return IdempotencyClaim(Kind::other_content);
    if (value.kind == kInProgress) return IdempotencyClaim(Kind::busy);
    auto answer = shared::decoded(value.rest);
    return answer ? IdempotencyClaim(std::move(answer)) : IdempotencyClaim();
  }

  IdempotencyClaim grant(const IdempotencyId& id, std::uint64_t ticket) {
    std::stop_source lease;
    {
      const std::lock_guard lock(mutex_);
      leases_.emplace(ticket, lease);
    }
    run_detached(shared_from_this(), renew(id, ticket, lease.get_token()));
    return IdempotencyClaim(Kind::granted, ticket);
  }

  void end_lease(std::uint64_t ticket) {
    std::stop_source lease(std::nostopstate);
    {
      const std::lock_guard lock(mutex_);
      const auto found = leases_.find(ticket);
      if (found == leases_.end()) return;
      lease = std::move(found->second);
      leases_.erase(found);
    }
    lease.request_stop();
  }

  Task<void> renew(IdempotencyId id, std::uint64_t ticket, std::stop_token ended) {
    try {
      for (;;) {
        Task<bool> sleeping = options_.timer->sleep(options_.lease / 3, ended);
        const bool is_due = co_await std::move(sleeping);
        if (!is_due || ended.stop_requested()) co_return;
        Task<bool> settling = settle(id, ticket, granted_value(id, ticket), options_.lease);
        co_await std::move(settling);
      }
    } catch (...) {  // without memory the lease ends by itself
    }
  }

  /// Tries again for the time of a lease, which is renewed meanwhile: a request that repeats this
  /// one waits rather than being done again.
  Task<void> keep_later(IdempotencyId id, std::uint64_t ticket, std::string value) {
    try {
      const TimePoint end = saturated_add(options_.clock.now(), options_.lease);
      Duration pause = options_.first_pause;
      for (bool is_kept = false; !is_kept && options_.clock.now() < end;) {
        Task<bool> sleeping = options_.timer->sleep(jittered(pause), std::stop_token());
        const bool overslept = co_await std::move(sleeping);
        if (!overslept) break;
        Task<bool> settling = settle(id, ticket, value, options_.lifetime, Deadline());
        is_kept = co_await std::move(settling);
        pause = std::min(2 * pause, options_.longest_pause);
      }
    } catch (...) {  // as above
    }
    end_lease(ticket);
  }

  Task<void> give_back(IdempotencyId id, std::uint64_t ticket) {
    try {
      Task<bool> settling = settle(id, ticket, std::string(), options_.lease);
      co_await std::move(settling);
    } catch (...) {  // as above
    }
  }

  /// \return whether Redis has answered: the key has its next value, or another holder
  Task<bool> settle(IdempotencyId id, std::uint64_t ticket, std::string next, Duration lifetime,
                    Deadline deadline = Deadline()) {
    std::vector<std::string> keys;
    keys.push_back(key_of(id));
    std::vector<std::string> arguments;
    arguments.push_back(granted_value(id, ticket));
    arguments.push_back(std::move(next));
    arguments.push_back(milliseconds_of(lifetime));
    Task<RedisResult<Reply>> running = redis::run_script(*client_, settle_, std::move(keys),
                                                         std::move(arguments), std::move(deadline));
    const RedisResult<Reply> reply = co_await std::move(running);
    co_return reply.has_value();
  }

  const std::shared_ptr<RedisClient> client_;
  const RedisIdempotencyOptions options_;
  const redis::Script claim_{shared::kClaimKey};
  const redis::Script settle_{shared::kSettleKey};
  const std::string name_ = shared::random_name();
  std::atomic<std::uint64_t> tickets_{0};
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::stop_source> leases_ = {};  ///< By ticket.
};

}  // namespace

Result<std::shared_ptr<IdempotencyStore>> make_redis_idempotency_store(
    std::shared_ptr<RedisClient> client, RedisIdempotencyOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(client == nullptr, "the client is null");
  mistakes.add_if(options.timer == nullptr, "the timer is null");
  mistakes.add_if(options.answer_bytes == 0, "answer_bytes is zero");
  for (const Duration time : {options.lifetime, options.lease, options.keep_wait,
                              options.first_pause, options.longest_pause}) {
    mistakes.add_if(time <= Duration::zero(), "a time is not above zero");
  }
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<RedisStore>(std::move(client), std::move(options));
}

}  // namespace v0
}  // namespace vx11
