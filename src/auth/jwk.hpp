#pragma once

/// \file
/// One public key as JSON (RFC 7517, RFC 7518 §6, RFC 8037). Internal.

#include <nlohmann/json_fwd.hpp>

#include "auth/jwt_signature.hpp"

namespace vx11 {
inline namespace v0 {

/// The public key of a JWK: RSA, a point of P-256, or Ed25519. Private members are not read. Null
/// for other kinds and for keys with a mistake.
PublicKey public_key_of(const nlohmann::json& jwk);

}  // namespace v0
}  // namespace vx11
