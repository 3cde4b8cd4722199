#pragma once

/// \file
/// Tokens that open one WebSocket or event stream each, for clients that cannot send header fields.
/// Internal.

#include <vx11/clock.hpp>
#include <vx11/ephemeral_tokens.hpp>
#include <vx11/headers.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "operator/api/authorizer.hpp"
#include "operator/api/caller.hpp"
#include "operator/parts/audit_log.hpp"

namespace backend {

/// A caller, and the header fields with which the credential can be confirmed again.
struct BridgeCaller {
  BridgeCaller() = default;
  BridgeCaller(Caller confirmed, vx11::Headers fields)
      : caller(std::move(confirmed)), credential(std::move(fields)) {}

  Caller caller = {};
  vx11::Headers credential = {};
};

/// The fields of `headers` that may hold a credential.
vx11::Headers credential_fields(const vx11::Headers& headers);

/// Issues tokens for `?token=`. A chat over a WebSocket is asked with the token of the caller, and
/// a login may end meanwhile, which an `EphemeralTokens` does not know: callers are kept here, in
/// memory and for a minute. **Thread-safe**; outlives its tasks.
class SocketTokens {
 public:
  static constexpr std::chrono::seconds kLifetime{60};

  /// \param purpose a token for another one opens nothing
  explicit SocketTokens(vx11::SteadyClock clock = {}, std::string purpose = "ws");

  const std::string& purpose() const noexcept { return purpose_; }
  /// \return `rejected` if the principal has too many
  vx11::Task<vx11::Result<std::string>> issue(BridgeCaller caller);
  /// \return none if the token is unknown, expired or used
  vx11::Task<std::optional<BridgeCaller>> redeem(std::string token);
  /// Forgets the tokens that were issued to a login. `login` as `Caller::login`.
  void end_login(std::string_view login);

 private:
  struct Entry {
    BridgeCaller caller;
    vx11::TimePoint expires;
  };

  void keep(const std::string& token, BridgeCaller caller);
  std::optional<BridgeCaller> take(const std::string& token);

  const vx11::SteadyClock clock_;
  const std::string purpose_;
  const std::shared_ptr<vx11::EphemeralTokens> tokens_;
  std::mutex mutex_ = {};
  std::map<std::string, Entry> callers_ = {};  ///< By the digest of the token.
};

/// Issues a token to the caller of `POST …-token`, once that is in the audit.
/// \param member of the answer that holds the token; outlives the task
/// \return 429 if too many wait to be used
vx11::Task<ApiAnswer> issue_token(std::shared_ptr<SocketTokens> tokens,
                                  std::shared_ptr<AuditLog> audit, const ApiCall& call,
                                  const char* member);

/// The caller of the `?token=` of a request, as the gateway confirms the credential now.
/// \return 401 without a token, 403 if it is none of `tokens`, and what `authorizer` refuses
vx11::Task<tl::expected<BridgeCaller, ApiAnswer>> redeem_token(
    std::shared_ptr<SocketTokens> tokens, std::shared_ptr<Authorizer> authorizer,
    const ApiCall& call);

}  // namespace backend
