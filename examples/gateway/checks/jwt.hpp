#pragma once

/// \file
/// `[auth.jwt]`: what it means, and what is wrong with it.

#include <vx11/auth.hpp>
#include <vx11/jwks.hpp>
#include <vx11/result.hpp>

#include "gateway/config/config.hpp"
#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Applies the defaults of a key set, and complains of settings that exclude each other and of
/// scopes that do not exist.
void settle_key_set(LoadedConfig& loaded);

/// An authenticator with a fixed key.
vx11::Result<std::shared_ptr<const vx11::Authenticator>> make_jwt(const JwtConfig& jwt);

/// One with the keys of `jwks_file` or `jwks_url`. Fetches nothing yet.
vx11::Result<std::shared_ptr<vx11::JwksAuthenticator>> make_jwks(const JwtConfig& jwt);

}  // namespace gateway
