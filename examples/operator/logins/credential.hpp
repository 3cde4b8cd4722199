#pragma once

/// \file
/// The credential of a request. Internal.

#include <vx11/http_message.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"
#include "operator/logins/login_secret.hpp"

namespace backend {

/// The name of the cookie. Without `__Host-`, which demands the path `/`: browsers send cookies to
/// every port of a host, and the other programs of this machine must not get it.
inline constexpr std::string_view kLoginCookie = "vx11_login";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";

/// What a request shows; both are absent if it shows nothing. A token in a header counts before a
/// cookie.
struct Credential {
  std::optional<std::string> token = std::nullopt;
  std::optional<LoginSecret> login = std::nullopt;
};

/// \return 403 for several different tokens, for one with control characters, and for a cookie that
///         occurs twice; 401 `login_expired` for a cookie that is none of ours
tl::expected<Credential, ApiAnswer> credential_of(const vx11::Headers& headers);

/// Of a header, as RFC 6265 has it. \return the values of all cookies of that name
std::vector<std::string_view> cookies_of(const vx11::Headers& headers, std::string_view name);

}  // namespace backend
