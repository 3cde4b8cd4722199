#pragma once

/// \file
/// UUIDs. Internal.

#include <string>

namespace vx11 {
inline namespace v0 {
namespace random {

/// As `make_uuid`: a random UUID (RFC 9562, version 4). Thread-safe.
std::string uuid();

}  // namespace random
}  // namespace v0
}  // namespace vx11
