#include "limits/client_limits.hpp"

#include <algorithm>
#include <utility>

#include "limits/client_key.hpp"
#include "limits/limit_answer.hpp"
#include "limits/rate.hpp"
#include "limits/session_of.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

namespace {

using Refused = tl::unexpected<LimitRefusal>;

constexpr std::string_view kAddress = "address";
constexpr std::string_view kToken = "token";
constexpr std::string_view kSession = "session";
const std::string kNoPrincipal;
/// Of a concurrency that is reached: a chat takes seconds.
constexpr std::chrono::seconds kNextPlace(1);

std::string_view principal_of(const HttpAdmission& admission) noexcept {
  const auto& principal = admission.match().principal;
  return principal ? std::string_view(*principal) : std::string_view();
}

/// No credential was checked: a public endpoint.
bool is_anonymous(const HttpAdmission& admission) noexcept {
  return admission.match().principal == nullptr && admission.match().scopes.empty();
}

Quota quota_of(std::string_view policy, const RequestRate& rate, const detail::Gcra& gcra,
               Instant arrival, Instant at) noexcept {
  const Duration full(std::max<Instant>(arrival - at, 0));
  return {policy, rate, gcra.left(arrival, at), std::chrono::ceil<std::chrono::seconds>(full)};
}

/// The quota of a request that is refused.
Quotas spent(std::string_view policy, const RequestRate& rate, std::chrono::seconds wait) noexcept {
  Quotas quotas;
  quotas.add({policy, rate, 0, wait});
  return quotas;
}

/// Takes one request from `arrival`.
/// \return how long it has to wait; zero if it was admitted
Duration take_one(const detail::Gcra& gcra, Instant& arrival, Instant at) noexcept {
  const auto decision = gcra.decide(arrival, at, 1);
  arrival = decision.next;
  return decision.too_soon;
}

AdaptiveLimitOptions places_of(const RequestLimitsOptions& options) noexcept {
  const std::uint32_t most = options.concurrent;
  if (options.concurrency == ConcurrencyMode::fixed) {
    return {.initial = most, .min = most, .max = most};
  }
  return {.initial = std::min(most, 20U), .min = 1, .max = most};
}

}  // namespace

class ClientLimits::Meter final : public UsageMeter {
 public:
  Meter(std::shared_ptr<ClientLimits> limits, std::shared_ptr<const std::string> principal) noexcept
      : limits_(std::move(limits)), principal_(std::move(principal)) {}
  void charge(std::uint64_t tokens) noexcept override;

 private:
  std::shared_ptr<ClientLimits> limits_;
  std::shared_ptr<const std::string> principal_;  ///< May be null.
};

/// Without memory for a new account the tokens are not charged.
void ClientLimits::Meter::charge(std::uint64_t tokens) noexcept {
  try {
    const std::string& principal = principal_ ? *principal_ : kNoPrincipal;
    if (const auto& shared = limits_->options_.shared) {
      shared->charge(principal, limits_->options_.tokens_per_minute, tokens);
    }
    const Instant at = limits_->now();
    const auto cost = static_cast<Instant>(std::min<std::uint64_t>(tokens, 1ULL << 40U));
    limits_->accounts_->principals.update(name_key(principal), at, [&](Account& account) {
      account.tokens = limits_->usage_->charged(account.tokens, at, cost);
    });
  } catch (...) {
  }
}

ClientLimits::ClientLimits(RequestLimitsOptions options, const ClientLimits* earlier)
    : options_(std::move(options)),
      accounts_(earlier != nullptr ? earlier->accounts_
                                   : std::make_shared<Accounts>(options_.max_clients)) {
  if (options_.tokens_per_minute > 0) {
    usage_ = gcra_of(RequestRate(options_.tokens_per_minute, std::chrono::minutes(1)));
  }
  if (options_.concurrent == 0) return;
  const bool same = earlier != nullptr && earlier->options_.concurrent == options_.concurrent &&
                    earlier->options_.concurrency == options_.concurrency;
  places_ = same ? earlier->places_
                 : std::make_shared<AdaptiveLimit>(places_of(options_), options_.clock);
}

tl::expected<void, LimitRefusal> ClientLimits::take_address(const HttpRequest& head) {
  const auto key = options_.per_address ? address_key(head) : std::nullopt;
  if (!key) return {};
  const detail::Gcra gcra = gcra_of(*options_.per_address);
  const Instant at = now();
  const Duration wait = accounts_->addresses.update(
      *key, at, [&](Account& account) { return take_one(gcra, account.requests, at); });
  if (wait == Duration::zero()) return {};
  const auto seconds = whole_seconds(wait);
  return Refused(LimitRefusal(RequestLimit::per_address, seconds,
                              spent(kAddress, *options_.per_address, seconds)));
}

tl::expected<void, LimitRefusal> ClientLimits::take(const HttpRequest& request,
                                                    const HttpAdmission& admission,
                                                    RequestKind kind, LimitPart part,
                                                    Taken& taken) {
  const Instant at = now();
  if (kind == RequestKind::chat && places_ && part != LimitPart::rates) {
    auto permit = places_->try_acquire();
    if (!permit) return Refused(LimitRefusal(RequestLimit::concurrent, kNextPlace));
    taken.place.hold(*std::move(permit), options_.concurrency);
  }
  const std::string_view principal = principal_of(admission);
  if (!is_anonymous(admission)) {
    if (auto passed = take_token(principal, at, kind, part, taken); !passed) return passed;
  }
  if (part == LimitPart::concurrency) return {};
  if (kind == RequestKind::chat && options_.per_session) {
    if (auto passed = take_session(request, principal, at, taken); !passed) return passed;
  }
  if (options_.per_address && taken.quotas.empty()) show_address(request, at, taken.quotas);
  return {};
}

SharedRateRequest ClientLimits::shared_part(const HttpRequest& request,
                                            const HttpAdmission& admission,
                                            RequestKind kind) const {
  SharedRateRequest asked;
  const std::string_view principal = principal_of(admission);
  const bool is_chat = kind == RequestKind::chat;
  if (!is_anonymous(admission)) {
    asked.per_token = limits_of(principal).rate;
    if (is_chat) asked.tokens_per_minute = options_.tokens_per_minute;
  }
  if (is_chat && options_.per_session) {
    if (auto session = session_text(request, options_.session_member)) {
      asked.session = *std::move(session);
      asked.per_session = options_.per_session;
    }
  }
  if (!asked.empty()) asked.principal = principal;
  return asked;
}

tl::expected<void, LimitRefusal> ClientLimits::apply(const SharedRateDecision& decision,
                                                     const SharedRateRequest& asked,
                                                     Taken& taken) const {
  if (decision.refused) {
    const auto seconds = whole_seconds(decision.wait);
    Quotas left;
    if (decision.refused == RequestLimit::per_token && asked.per_token) {
      left = spent(kToken, *asked.per_token, seconds);
    } else if (decision.refused == RequestLimit::per_session && asked.per_session) {
      left = spent(kSession, *asked.per_session, seconds);
    }
    return Refused(LimitRefusal(*decision.refused, seconds, left));
  }
  const auto show = [&taken](std::string_view policy, const std::optional<RequestRate>& rate,
                             Duration backlog) {
    if (rate) taken.quotas.add(quota_of(policy, *rate, gcra_of(*rate), backlog.count(), 0));
  };
  show(kToken, asked.per_token, decision.token_backlog);
  show(kSession, asked.per_session, decision.session_backlog);
  return {};
}

TokenLimits ClientLimits::limits_of(std::string_view principal) const {
  TokenLimits own = options_.limits_of ? options_.limits_of(principal) : TokenLimits();
  if (!own.rate) own.rate = options_.per_token;
  if (own.concurrent == 0) own.concurrent = options_.concurrent_per_token;
  return own;
}

void ClientLimits::show_address(const HttpRequest& request, Instant at, Quotas& quotas) const {
  const auto key = address_key(request);
  if (!key) return;
  const detail::Gcra gcra = gcra_of(*options_.per_address);
  const Instant arrival = accounts_->addresses.find(*key).requests;
  quotas.add(quota_of(kAddress, *options_.per_address, gcra, arrival, at));
}

tl::expected<void, LimitRefusal> ClientLimits::take_token(std::string_view principal, Instant at,
                                                          RequestKind kind, LimitPart part,
                                                          Taken& taken) {
  const TokenLimits own = limits_of(principal);
  const bool is_chat = kind == RequestKind::chat;
  const bool takes_rates = part != LimitPart::concurrency;
  const std::optional<RequestRate> rate = takes_rates ? own.rate : std::nullopt;
  const std::uint32_t most = is_chat && part != LimitPart::rates ? own.concurrent : 0;
  const detail::Gcra* const usage = is_chat && usage_ && takes_rates ? &*usage_ : nullptr;
  if (!rate && most == 0 && usage == nullptr) return {};

  const std::uint64_t key = name_key(principal);
  const detail::Gcra gcra = gcra_of(rate.value_or(RequestRate()));
  std::optional<LimitRefusal> refused;
  accounts_->principals.update(key, at, [&](Account& account) {
    if (rate) account.follow(*rate);
    if (usage != nullptr && usage->wait(account.tokens, at) > Duration::zero()) {
      const Duration wait = usage->wait(account.tokens, at);
      refused.emplace(RequestLimit::tokens_per_minute, whole_seconds(wait));
    } else if (most > 0 && account.running >= most) {
      refused.emplace(RequestLimit::concurrent_per_token, kNextPlace);
    } else if (!rate) {
      account.running += most > 0 ? 1 : 0;
    } else if (const Duration wait = take_one(gcra, account.requests, at);
               wait > Duration::zero()) {
      const auto seconds = whole_seconds(wait);
      refused.emplace(RequestLimit::per_token, seconds, spent(kToken, *rate, seconds));
    } else {
      account.running += most > 0 ? 1 : 0;
      taken.quotas.add(quota_of(kToken, *rate, gcra, account.requests, at));
    }
  });
  if (refused) return Refused(*std::move(refused));
  if (most > 0) taken.place.hold(accounts_->principals, key);
  return {};
}

tl::expected<void, LimitRefusal> ClientLimits::take_session(const HttpRequest& request,
                                                            std::string_view principal, Instant at,
                                                            Taken& taken) {
  const auto session = session_key(request, options_.session_member);
  if (!session) return {};
  const RequestRate& rate = *options_.per_session;
  const detail::Gcra gcra = gcra_of(rate);
  Instant arrival = 0;
  const Duration wait =
      accounts_->sessions.update(joined(*session, name_key(principal)), at, [&](Account& account) {
        const Duration left = take_one(gcra, account.requests, at);
        arrival = account.requests;
        return left;
      });
  if (wait == Duration::zero()) {
    taken.quotas.add(quota_of(kSession, rate, gcra, arrival, at));
    return {};
  }
  const auto seconds = whole_seconds(wait);
  return Refused(LimitRefusal(RequestLimit::per_session, seconds, spent(kSession, rate, seconds)));
}

std::shared_ptr<UsageMeter> ClientLimits::meter(const HttpAdmission& admission) {
  if (!usage_ || is_anonymous(admission)) return nullptr;
  return std::make_shared<Meter>(shared_from_this(), admission.match().principal);
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
