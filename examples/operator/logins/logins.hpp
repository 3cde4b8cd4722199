#pragma once

/// \file
/// The logins of browsers: begun with a token, kept by a cookie, ended by logout, by time, or when
/// the gateway refuses the token.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "operator/api/caller.hpp"
#include "operator/logins/login_secret.hpp"
#include "operator/logins/login_store.hpp"

namespace backend {

/// What logins may be.
struct LoginOptions {
  std::shared_ptr<LoginStore> store = {};  ///< Required.
  /// How long a login lasts: a working day by default.
  std::chrono::seconds lifetime = std::chrono::hours(12);
  /// Of one principal at a time; a further one ends the oldest. More browsers than a person uses.
  std::size_t per_principal = 20;
  vx11::WallClock clock = {};
};

/// A login that has begun.
struct NewLogin {
  LoginSecret secret;
  vx11::WallTime expires;
};

/// A login that lasts, and the token that it was begun with.
struct OpenLogin {
  std::string id = {};  ///< For logs, audit and `Logins::listen`; of no use as a credential.
  std::string principal = {};
  std::string token = {};
  vx11::WallTime expires = {};
};

/// **Thread-safe**; outlives its tasks. Errors are `storage`, or `exhausted`.
class Logins {
 public:
  explicit Logins(LoginOptions options)
      : options_(std::move(options)),
        lifetime_(options_.lifetime),
        per_principal_(options_.per_principal) {}
  Logins(const Logins&) = delete;
  Logins& operator=(const Logins&) = delete;

  /// Of logins that begin from now on.
  void limit(std::chrono::seconds lifetime, std::size_t per_principal) noexcept {
    lifetime_.store(lifetime, std::memory_order_relaxed);
    per_principal_.store(per_principal, std::memory_order_relaxed);
  }

  /// \param caller    confirmed by the gateway
  /// \param not_after when the token expires; none: it does not
  vx11::Task<vx11::Result<NewLogin>> begin(Caller caller, std::optional<vx11::WallTime> not_after);
  /// None if there is no such login any more, or it has expired; `expire` then removes it.
  vx11::Task<vx11::Result<std::optional<OpenLogin>>> find(LoginSecret secret);
  /// \return whether it lasted until now
  vx11::Task<vx11::Result<bool>> end(LoginSecret secret);
  /// \return how many have ended
  vx11::Task<vx11::Result<std::size_t>> end_all(std::string principal);
  /// Ends those that have expired. Call it every minute or so. \return what has ended
  vx11::Task<vx11::Result<std::vector<LoginRow>>> expire();

  /// `listener` is called with the id (`Caller::login`) of each login that ends, on any thread, and
  /// must not block. \return keeps the subscription until it is destroyed
  [[nodiscard]] std::shared_ptr<void> listen(std::function<void(const std::string&)> listener);

 private:
  using Listener = std::function<void(const std::string&)>;

  void ended(const std::vector<std::string>& digests);

  const LoginOptions options_;
  std::atomic<std::chrono::seconds> lifetime_;
  std::atomic<std::size_t> per_principal_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Listener>> listeners_ = {};
};

}  // namespace backend
