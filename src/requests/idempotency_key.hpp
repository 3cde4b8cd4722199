#pragma once

/// \file
/// `Idempotency-Key`, and what it is compared with. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/idempotency_store.hpp>
#include <vx11/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace requests {

inline constexpr std::string_view kIdempotencyKey = "Idempotency-Key";

/// The key of a request that has such a header: 1 to 255 visible characters of ASCII, or a string
/// of structured fields (RFC 8941 §3.3.3), which may also contain spaces.
/// \return none if it is malformed or repeated
std::optional<std::string> idempotency_key(const Headers& headers);

/// \return `exhausted` if there is no memory for the digests
Result<IdempotencyId> identify(std::string_view key, std::string_view route,
                               const HttpAdmission& admission, const HttpRequest& request);

}  // namespace requests
}  // namespace v0
}  // namespace vx11
