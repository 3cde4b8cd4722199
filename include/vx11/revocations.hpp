#pragma once

/// \file
/// `Revocations`: principals whose credentials are refused although they are right.

#include <vx11/auth.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The principals that are refused now: names of tokens, or subjects of JWTs, which are valid to
/// their expiry otherwise. **Thread-safe**.
class VX11_API Revocations {
 public:
  Revocations();
  Revocations(const Revocations&) = delete;
  Revocations& operator=(const Revocations&) = delete;
  ~Revocations();

  /// One load while there are none.
  bool contains(std::string_view principal) const;
  /// These from now on, and no others.
  void replace(std::vector<std::string> principals);
  std::size_t size() const noexcept;

 private:
  struct Impl;
  detail::Owned<Impl> impl_;
};

/// Asks `inner`, and answers `forbidden` in place of `granted` for a principal that is revoked.
/// \return `invalid_argument` if either is null
VX11_API Result<std::shared_ptr<const Authenticator>> make_revoking_authenticator(
    std::shared_ptr<const Authenticator> inner, std::shared_ptr<const Revocations> revoked);

}  // namespace v0
}  // namespace vx11
