#pragma once

/// \file
/// Who sends a request to the backend.

#include <vx11/scope.hpp>

#include <string>

namespace backend {

/// An admitted caller: the gateway has confirmed the credential.
struct Caller {
  /// As the gateway names the credential's owner: the name of a token, or the `sub` of a JWT.
  std::string principal = {};
  /// The credential, which is sent to the gateway with what this caller asks for. Never logged,
  /// never stored unencrypted.
  std::string token = {};
  vx11::Scopes scopes = {};
  /// The login session whose cookie was sent; empty: the token stood in a header.
  std::string login = {};
  /// Numeric, without a port; empty if unknown. For the audit.
  std::string address = {};
};

}  // namespace backend
