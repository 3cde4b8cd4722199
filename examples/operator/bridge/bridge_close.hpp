#pragma once

/// \file
/// The codes with which the bridge closes WebSockets, besides those of the protocol. Internal.

#include <cstdint>

namespace backend {

/// The client reads too slowly, or sends what cannot be understood.
inline constexpr std::uint16_t kPolicyViolation = 1008;
/// The credential is no longer accepted: the login has ended. A code of its own, since a client
/// that gets it has to log in, while one that gets 1008 connects again.
inline constexpr std::uint16_t kLoginEnded = 4401;

}  // namespace backend
