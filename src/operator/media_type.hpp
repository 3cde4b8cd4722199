#pragma once

/// \file
/// Whether a body is JSON as we read it. Internal.

#include <vx11/http_message.hpp>

namespace vx11::inline v0::endpoints {

/// `application/json` or a type in `+json` (RFC 6839), in UTF-8, not compressed, said once.
bool is_plain_json(const Headers& headers) noexcept;

}  // namespace vx11::inline v0::endpoints
