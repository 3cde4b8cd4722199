#pragma once

/// \file
/// `EphemeralTokens`: credentials that are used once, within seconds, where no other can be sent.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Issues tokens and accepts each once. A browser's event stream and WebSocket cannot send an
/// authorization header, and a lasting token must not stand in a URL, which logs and histories
/// keep: the page sends its credential in a request, gets an ephemeral token, and puts that in the
/// URL.
///
/// Stores hold digests only. **Thread-safe**; outlives its tasks.
class VX11_API EphemeralTokens {
 public:
  EphemeralTokens() = default;
  EphemeralTokens(const EphemeralTokens&) = delete;
  EphemeralTokens& operator=(const EphemeralTokens&) = delete;
  virtual ~EphemeralTokens() = default;

  /// A new token with the format of `make_token`, that is accepted once, for `purpose` alone, until
  /// `lifetime` has passed.
  /// \param lifetime at most a day; a token that lasts longer is none of these
  /// \param purpose such as `events`; a token for another purpose opens nothing else
  /// \return `invalid_argument` for an empty purpose or a lifetime beyond its bounds, `rejected` if
  ///         a store in memory or the principal in it has too many, `storage` if it is not kept
  virtual Task<Result<std::string>> issue(std::string principal, std::string purpose,
                                          std::chrono::seconds lifetime) = 0;
  /// Uses `token` up. One that is sent for another purpose stays valid for its own.
  /// \return the principal that it was issued to; none if it is unknown, expired or used. `storage`
  ///         if that cannot be known: refuse it, the client asks for another one
  virtual Task<Result<std::optional<std::string>>> redeem(std::string token,
                                                          std::string purpose) = 0;
};

/// The bounds of a store in memory.
struct MemoryEphemeralTokensOptions {
  /// Tokens that are neither used nor expired. Each takes about 200 bytes.
  std::size_t tokens = 10'000;
  /// The same of one principal, so that no principal takes all: more pages than a person opens
  /// within a minute.
  std::size_t per_principal = 100;
  SteadyClock clock = {};
};

/// A store in memory, for one process.
/// \return `invalid_argument` for a bound of zero
VX11_API Result<std::shared_ptr<EphemeralTokens>> make_memory_ephemeral_tokens(
    MemoryEphemeralTokensOptions options = {});

}  // namespace v0
}  // namespace vx11
