#pragma once

#include <vx11/auth.hpp>

#include <memory>

#include "config.hpp"

namespace gateway {

/// The authenticator that `auth` describes.
/// \return an error if `auth` is invalid; its text contains no secret
vx11::Result<std::shared_ptr<const vx11::Authenticator>> make_authenticator(const AuthConfig& auth);

}  // namespace gateway
