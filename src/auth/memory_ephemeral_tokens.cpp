#include <vx11/detail/mistakes.hpp>
#include <vx11/ephemeral_tokens.hpp>

#include <map>
#include <mutex>
#include <utility>

#include "auth/ephemeral_token.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

class MemoryEphemeralTokens final : public EphemeralTokens {
 public:
  explicit MemoryEphemeralTokens(MemoryEphemeralTokensOptions options)
      : options_(std::move(options)) {}

  Task<Result<std::string>> issue(std::string principal, std::string purpose,
                                  std::chrono::seconds lifetime) override {
    co_return issued(std::move(principal), purpose, lifetime);
  }

  Task<Result<std::optional<std::string>>> redeem(std::string token, std::string purpose) override {
    const Result<TokenDigest> digest = ephemeral::digest_for(purpose, token);
    if (!digest) co_return fail(Error(digest.error()));
    co_return taken(*digest);
  }

 private:
  struct Entry {
    std::string principal;
    TimePoint expires;
  };

  Result<std::string> issued(std::string principal, std::string_view purpose,
                             std::chrono::seconds lifetime) {
    if (auto checked = ephemeral::check(purpose, lifetime); !checked) return fail(checked.error());
    Result<std::string> token = make_token();
    if (!token) return token;
    const Result<TokenDigest> digest = ephemeral::digest_for(purpose, *token);
    if (!digest) return fail(digest.error());
    const TimePoint now = options_.clock.now();
    const std::lock_guard lock(mutex_);
    if (auto room = make_room(principal, now); !room) return fail(std::move(room.error()));
    ++of_principal_[principal];
    entries_.emplace(*digest, Entry{std::move(principal), now + lifetime});
    return token;
  }

  Result<std::optional<std::string>> taken(const TokenDigest& digest) {
    const TimePoint now = options_.clock.now();
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(digest);
    if (found == entries_.end()) return std::nullopt;
    const bool is_valid = now < found->second.expires;
    std::string principal = found->second.principal;
    erase(found);
    if (!is_valid) return std::nullopt;
    return std::optional(std::move(principal));
  }

  using Entries = std::map<TokenDigest, Entry>;

  /// Expired entries leave when there is no room without it, at most once a second: a principal at
  /// its limit must not make each request look at all.
  Result<void> make_room(const std::string& principal, TimePoint now) {
    if (has_room(principal)) return {};
    if (now < next_sweep_) return full();
    next_sweep_ = now + std::chrono::seconds(1);
    for (auto at = entries_.begin(); at != entries_.end();) {
      at = at->second.expires <= now ? erase(at) : std::next(at);
    }
    if (has_room(principal)) return {};
    return full();
  }

  static Result<void> full() {
    return fail(Errc::rejected, "too many ephemeral tokens are neither used nor expired");
  }

  bool has_room(const std::string& principal) const {
    const auto found = of_principal_.find(principal);
    const std::size_t own = found == of_principal_.end() ? 0 : found->second;
    return entries_.size() < options_.tokens && own < options_.per_principal;
  }

  Entries::iterator erase(Entries::iterator at) {
    const auto count = of_principal_.find(at->second.principal);
    if (--count->second == 0) of_principal_.erase(count);
    return entries_.erase(at);
  }

  const MemoryEphemeralTokensOptions options_;
  std::mutex mutex_;
  Entries entries_;                                  ///< Guarded by `mutex_`.
  std::map<std::string, std::size_t> of_principal_;  ///< The same; without zeros.
  TimePoint next_sweep_ = TimePoint::min();          ///< The same.
};

}  // namespace

Result<std::shared_ptr<EphemeralTokens>> make_memory_ephemeral_tokens(
    MemoryEphemeralTokensOptions options) {
  detail::Mistakes mistakes;
  mistakes.require(options.tokens > 0, "tokens", "above 0");
  mistakes.require(options.per_principal > 0, "per_principal", "above 0");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  return std::make_shared<MemoryEphemeralTokens>(std::move(options));
}

}  // namespace v0
}  // namespace vx11
