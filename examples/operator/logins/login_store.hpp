#pragma once

/// \file
/// Where logins are kept. Internal.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace backend {

/// A login as it is stored: nothing in it opens anything without the secret of the cookie.
struct LoginRow {
  LoginRow() = default;

  std::string digest = {};  ///< Of the secret.
  std::string principal = {};
  std::string sealed_token = {};
  std::string address = {};  ///< Where it began.
  vx11::WallTime created = {};
  vx11::WallTime expires = {};
};

/// **Thread-safe**; outlives its tasks. Errors are `storage`.
class LoginStore {
 public:
  LoginStore() = default;
  LoginStore(const LoginStore&) = delete;
  LoginStore& operator=(const LoginStore&) = delete;
  virtual ~LoginStore() = default;

  /// Completes once the login is on disk. Of one principal the oldest beyond `most` are removed.
  /// \return the digests of those that were removed
  virtual vx11::Task<vx11::Result<std::vector<std::string>>> add(LoginRow row,
                                                                 std::size_t most) = 0;
  virtual vx11::Task<vx11::Result<std::optional<LoginRow>>> find(std::string digest) = 0;
  /// \return whether it was there
  virtual vx11::Task<vx11::Result<bool>> remove(std::string digest) = 0;
  /// \return the digests of those that were removed
  virtual vx11::Task<vx11::Result<std::vector<std::string>>> remove_all(std::string principal) = 0;
  /// Removes what has expired at `now`. \return what was removed
  virtual vx11::Task<vx11::Result<std::vector<LoginRow>>> expire(vx11::WallTime now) = 0;
};

}  // namespace backend
