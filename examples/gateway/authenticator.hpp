#pragma once

#include <vx11/auth.hpp>

#include <memory>

#include "config.hpp"

namespace gateway {

/// What `auth` describes.
/// \return what is wrong with it; the texts hold no secret
vx11::Result<std::shared_ptr<const vx11::Authenticator>> make_authenticator(const AuthConfig& auth);

}  // namespace gateway
