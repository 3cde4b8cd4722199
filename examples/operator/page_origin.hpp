#pragma once

/// \file
/// Which pages may open a WebSocket. Internal.

#include <vx11/headers.hpp>

#include <span>
#include <string>

namespace backend {

/// Whether the page that a browser names in `Origin` may: one of the host that the request is sent
/// to, or one of `allowed`, such as `https://console.example`. Browsers send `Origin` with every
/// WebSocket, and CORS does not apply to them.
bool is_of_allowed_page(const vx11::Headers& headers, std::span<const std::string> allowed);

}  // namespace backend
