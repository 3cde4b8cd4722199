#pragma once

#include <vx11/auth.hpp>

#include <memory>

#include "gateway/auth/key_watch.hpp"
#include "gateway/auth/token_watch.hpp"
#include "gateway/config/config.hpp"

namespace gateway {

/// What decides about requests.
struct Credentials {
  std::shared_ptr<const vx11::Authenticator> auth = {};
  TokenWatch tokens = {};  ///< The token file that `auth` reads; empty: none.
  KeyWatch keys = {};      ///< The key set that `auth` uses; empty: none.
};

/// The authenticator that `auth` describes.
/// \return an error if `auth` is invalid, or `storage` if its token file cannot be read; the text
///         contains no secret
vx11::Result<Credentials> make_credentials(const AuthConfig& auth);

}  // namespace gateway
