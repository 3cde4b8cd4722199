#pragma once

/// \file
/// Where a key set comes from. Internal.

#include <vx11/clock.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The request for the keys at a URL: https, or http to the loopback.
/// \return `invalid_argument`; the text repeats nothing of the URL
Result<HttpRequest> jwks_request(std::string_view url);

/// `max-age` of Cache-Control, if the answer may be kept at all.
std::optional<Duration> max_age_of(const HttpResponse& response);

}  // namespace v0
}  // namespace vx11
