#pragma once

/// \file
/// `AttemptLimiter`: limits how many wrong credentials an address may send.

#include <vx11/auth.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/token_limits.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// What the limit means for clients of the same machine.
enum class LoopbackClients : unsigned char {
  exempt,   ///< Not limited: they are proxies with many clients, probes, tests.
  limited,  ///< As all others.
};

/// How many wrong credentials an address may send.
struct AttemptLimiterOptions {
  /// Wrong credentials per period. By default a client that retries with an old token every ten
  /// seconds is answered as before, and an address can guess 8,640 times a day at most.
  RequestRate failures = RequestRate(30, std::chrono::minutes(5));
  /// How many addresses are stored, at about 100 bytes each; at least 1. Beyond it the least
  /// recently used one is removed and may try again.
  std::size_t max_addresses = 10'000;
  LoopbackClients loopback = LoopbackClients::exempt;
  SteadyClock clock = {};
  /// Receives `attempt_limiter_rejected`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// Asks another authenticator, unless the address has sent too many wrong credentials: then a
/// credential is `limited` without being judged, so that neither text nor time of the answer depend
/// on whether it would have been right. An exception are credentials that were granted to the same
/// address before: behind a proxy one client with a wrong token does not lock out the others.
///
/// Wrong is what the other authenticator calls `forbidden`. Requests without a credential in
/// `x-vx11-token` or Authorization, and those of an unknown address, as of a Unix socket, are
/// passed on; those of loopback addresses, too, by default. All addresses of an IPv6 network of 64
/// bits count as one.
///
/// **Thread-safe**; memory is bounded.
class VX11_API AttemptLimiter final : public Authenticator {
 public:
  /// \return `invalid_argument` without an authenticator, or for an option out of range
  static Result<std::shared_ptr<AttemptLimiter>> create(std::shared_ptr<const Authenticator> inner,
                                                        AttemptLimiterOptions options = {});
  ~AttemptLimiter() override;

  Access check(const Headers& headers) const override;
  AccessCheck explain(const Headers& headers) const override;
  AccessCheck authenticate(const HttpRequest& head) const override;
  std::string_view challenge() const noexcept override;
  bool names_users() const noexcept override;

  /// How many requests were `limited` so far.
  std::uint64_t refused() const noexcept;
  /// How many addresses are stored now.
  std::size_t addresses() const noexcept;

 private:
  struct Impl;
  explicit AttemptLimiter(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
