#pragma once

/// \file
/// The limits of `RequestLimitsOptions` and what clients have used of them. Internal.

#include <vx11/adaptive_limit.hpp>
#include <vx11/request_limits.hpp>
#include <vx11/shared_rates.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "limits/account_table.hpp"
#include "limits/chat_place.hpp"
#include "limits/quota_fields.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

/// Why a request is refused, and when the next one may not be.
struct LimitRefusal {
  LimitRefusal(RequestLimit which, std::chrono::seconds until, const Quotas& left = {}) noexcept
      : limit(which), wait(until), quotas(left) {}

  RequestLimit limit;
  std::chrono::seconds wait;
  Quotas quotas;
};

/// What an admitted request has taken.
struct Taken {
  Taken() = default;

  Quotas quotas = {};
  ChatPlace place = {};
};

/// What clients have used, which lasts when the limits are others.
struct Accounts {
  explicit Accounts(std::size_t most) : addresses(most), principals(most), sessions(most) {}

  AccountTable addresses;
  AccountTable principals;
  AccountTable sessions;
};

/// Which of the limits of a request are taken.
enum class LimitPart : unsigned char {
  all,
  concurrency,  ///< Those that shared rates leave to this process.
  rates,        ///< The others, if shared rates cannot decide on them.
};

/// Thread-safe. Owned by `std::shared_ptr`; must outlive the places that it returned, while meters
/// keep it alive.
class ClientLimits : public std::enable_shared_from_this<ClientLimits> {
 public:
  /// \param earlier the limits that these replace; null: none
  explicit ClientLimits(RequestLimitsOptions options, const ClientLimits* earlier = nullptr);

  const RequestLimitsOptions& options() const noexcept { return options_; }

  /// Takes a request from the rate of its address, before anything else is known of it.
  tl::expected<void, LimitRefusal> take_address(const HttpRequest& head);
  /// Takes the rest, all or, but for the rates of the address and the principal, nothing.
  /// \param principal null: unknown
  tl::expected<Taken, LimitRefusal> take(const HttpRequest& request, const HttpAdmission& admission,
                                         RequestKind kind) {
    Taken taken;
    auto passed = take(request, admission, kind, LimitPart::all, taken);
    if (!passed) return tl::unexpected(std::move(passed.error()));
    return taken;
  }
  /// The same for a part of the limits, added to `taken`.
  tl::expected<void, LimitRefusal> take(const HttpRequest& request, const HttpAdmission& admission,
                                        RequestKind kind, LimitPart part, Taken& taken);
  /// What `RequestLimitsOptions::shared` decides on; empty if nothing.
  SharedRateRequest shared_part(const HttpRequest& request, const HttpAdmission& admission,
                                RequestKind kind) const;
  /// Applies its decision on what was `asked`.
  tl::expected<void, LimitRefusal> apply(const SharedRateDecision& decision,
                                         const SharedRateRequest& asked, Taken& taken) const;
  /// For the chats of a principal; null if tokens are not limited.
  std::shared_ptr<UsageMeter> meter(const HttpAdmission& admission);

 private:
  class Meter;

  Instant now() const noexcept { return options_.clock.now().time_since_epoch().count(); }
  /// With the limits of all where it has none of its own.
  TokenLimits limits_of(std::string_view principal) const;
  /// Only where no other rate is shown: it is looked up for the fields alone.
  void show_address(const HttpRequest& request, Instant at, Quotas& quotas) const;
  tl::expected<void, LimitRefusal> take_token(std::string_view principal, Instant at,
                                              RequestKind kind, LimitPart part, Taken& taken);
  tl::expected<void, LimitRefusal> take_session(const HttpRequest& request,
                                                std::string_view principal, Instant at,
                                                Taken& taken);

  const RequestLimitsOptions options_;
  std::optional<detail::Gcra> usage_ = std::nullopt;
  std::shared_ptr<AdaptiveLimit> places_ = {};
  const std::shared_ptr<Accounts> accounts_;
};

}  // namespace limits
}  // namespace v0
}  // namespace vx11
