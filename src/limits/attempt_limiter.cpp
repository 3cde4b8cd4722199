#include <vx11/attempt_limiter.hpp>
#include <vx11/detail/mistakes.hpp>

#include <atomic>
#include <optional>
#include <utility>

#include "limits/account_table.hpp"
#include "limits/client_key.hpp"
#include "limits/granted_before.hpp"
#include "limits/rate.hpp"

namespace vx11 {
inline namespace v0 {

using limits::Account;
using limits::Instant;

namespace {

/// The credential of a request together with its address; none if there is no credential.
std::optional<std::uint64_t> credential_key(const Headers& headers, std::uint64_t address) {
  std::optional<std::uint64_t> key;
  for (const std::string_view name : {"x-vx11-token", "Authorization"}) {
    const std::string_view value = headers.get(name);
    if (!value.empty()) key = limits::joined(key.value_or(address), limits::name_key(value));
  }
  return key;
}

}  // namespace

namespace {

bool is_loopback(const HttpRequest& head) noexcept {
  const std::string_view address = head.peer != nullptr ? head.peer->address : std::string_view();
  return address.starts_with("127.") || address == "::1";
}

}  // namespace

struct AttemptLimiter::Impl {
  Impl(std::shared_ptr<const Authenticator> judge, const AttemptLimiterOptions& given)
      : inner(std::move(judge)),
        clock(given.clock),
        rate(limits::gcra_of(given.failures)),
        exempts_loopback(given.loopback == LoopbackClients::exempt),
        events(given.events),
        failures(given.max_addresses) {}

  Instant now() const noexcept { return clock.now().time_since_epoch().count(); }

  /// Of a failure that is judged now.
  void charge(std::uint64_t address) {
    const Instant at = now();
    failures.update(address, at, [&](Account& account) {
      account.requests = rate.charged(account.requests, at, 1);
    });
  }

  /// Zero: the address may try.
  Duration wait(std::uint64_t address) const {
    const Instant arrival = failures.find(address).requests;
    return arrival == detail::Gcra::kIdle ? Duration() : rate.wait(arrival, now());
  }

  const std::shared_ptr<const Authenticator> inner;
  const SteadyClock clock;
  const detail::Gcra rate;
  const bool exempts_loopback;
  const SharedEvents events;
  limits::AccountTable failures;
  limits::GrantedBefore granted = {};
  std::atomic<std::uint64_t> refused{0};
};

Result<std::shared_ptr<AttemptLimiter>> AttemptLimiter::create(
    std::shared_ptr<const Authenticator> inner, AttemptLimiterOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(inner == nullptr, "the authenticator is missing");
  limits::check_rate(mistakes, options.failures, "failures");
  mistakes.require(options.max_addresses >= 1, "max_addresses", "at least 1");
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  auto impl = std::make_unique<Impl>(std::move(inner), options);
  return std::shared_ptr<AttemptLimiter>(new AttemptLimiter(std::move(impl)));
}

AttemptLimiter::AttemptLimiter(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
AttemptLimiter::~AttemptLimiter() = default;

Access AttemptLimiter::check(const Headers& headers) const {
  return impl_->inner->check(headers);
}

AccessCheck AttemptLimiter::explain(const Headers& headers) const {
  return impl_->inner->explain(headers);
}

bool AttemptLimiter::names_users() const noexcept {
  return impl_->inner->names_users();
}

std::string_view AttemptLimiter::challenge() const noexcept {
  return impl_->inner->challenge();
}

std::uint64_t AttemptLimiter::refused() const noexcept {
  return impl_->refused.load(std::memory_order_relaxed);
}

std::size_t AttemptLimiter::addresses() const noexcept {
  return impl_->failures.size();
}

AccessCheck AttemptLimiter::authenticate(const HttpRequest& head) const {
  const bool is_exempt = impl_->exempts_loopback && is_loopback(head);
  const auto address = is_exempt ? std::nullopt : limits::address_key(head);
  const auto credential = address ? credential_key(head.headers, *address) : std::nullopt;
  if (!credential) return impl_->inner->authenticate(head);
  const Duration wait = impl_->wait(*address);
  if (wait > Duration::zero() && !impl_->granted.contains(*credential)) {
    impl_->refused.fetch_add(1, std::memory_order_relaxed);
    impl_->events(Event{
        .kind = EventKind::attempt_limiter_rejected, .name = "auth_failures", .duration = wait});
    AccessCheck limited(Access::limited, "too many wrong credentials from its address");
    limited.retry_after = wait;
    return limited;
  }
  AccessCheck judged = impl_->inner->authenticate(head);
  if (judged.access == Access::granted) {
    impl_->granted.insert(*credential);
  } else if (judged.access == Access::forbidden) {
    impl_->granted.erase(*credential);
    impl_->charge(*address);
  }
  return judged;
}

}  // namespace v0
}  // namespace vx11
