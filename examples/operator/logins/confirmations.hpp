#pragma once

/// \file
/// Has the gateway confirm tokens. Internal.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "operator/api/authorizer.hpp"
#include "operator/gateway/gateway_client.hpp"
#include "operator/logins/guess_limit.hpp"

namespace backend {

/// How tokens are confirmed.
struct ConfirmationOptions {
  std::shared_ptr<GatewayClient> gateway = {};  ///< Required.
  /// How long the gateway's answer holds: a token that it revokes is refused here that much later.
  vx11::Duration reuse_for = std::chrono::seconds(5);
  vx11::Duration timeout = std::chrono::seconds(5);
  /// How many tokens are remembered, at some 300 bytes each.
  std::size_t most = 4096;
  /// Wrong tokens of an address within `period`. Further ones are refused without being judged, so
  /// that guesses do not reach the gateway, whose own limit sees only the address of the backend.
  /// Tokens that were right before are judged as ever.
  std::uint32_t failures = 30;
  vx11::Duration period = std::chrono::minutes(5);
  vx11::SteadyClock clock = {};
};

/// What the gateway says about a token.
struct ConfirmedToken {
  std::string principal = {};
  vx11::Scopes scopes = {};
  std::optional<vx11::WallTime> expires = std::nullopt;
};

/// **Thread-safe**; outlives its tasks. Memory is bounded.
class Confirmations {
 public:
  explicit Confirmations(ConfirmationOptions options);
  Confirmations(const Confirmations&) = delete;
  Confirmations& operator=(const Confirmations&) = delete;

  /// \param address of the client; empty: not limited
  /// \return 401 `invalid_token`, 403 `forbidden`, 429, or 503 while the gateway cannot be asked:
  ///         then no caller is admitted
  vx11::Task<tl::expected<ConfirmedToken, ApiAnswer>> confirm(std::string token,
                                                              std::string address,
                                                              std::string correlation_id,
                                                              vx11::Deadline deadline);
  /// Another gateway is asked from now on: what the one before has said is of no use.
  void forget_all();

 private:
  struct Entry {
    ConfirmedToken token = {};
    vx11::TimePoint until = {};
    std::uint64_t used = 0;
  };

  std::optional<ConfirmedToken> remembered(const std::string& digest) const;
  bool is_known(const std::string& digest) const;
  void remember(const std::string& digest, const ConfirmedToken& token);
  void forget(const std::string& digest);

  const ConfirmationOptions options_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ = {};
  std::uint64_t uses_ = 0;
  GuessLimit guesses_;
};

/// The name under which failures of an address count: all of an IPv6 network of 64 bits are one.
std::string network_of(const std::string& address);

}  // namespace backend
