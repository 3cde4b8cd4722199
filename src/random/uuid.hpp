#pragma once

/// \file
/// UUIDs. Internal.

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace random {

/// As `make_uuid`: a random UUID (RFC 9562, version 4). Thread-safe.
std::string uuid();
/// The same behind `prefix`, in one allocation.
std::string uuid_after(std::string_view prefix);

}  // namespace random
}  // namespace v0
}  // namespace vx11
