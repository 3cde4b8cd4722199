#pragma once

/// \file
/// Refuses requests that a browser sends for pages of other origins. Internal.

#include <vx11/http_message.hpp>

#include <span>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Why a request is refused with 403.
enum class OriginFault : unsigned char {
  none,
  host,        ///< Its Host is none of the allowed ones.
  cross_site,  ///< It would change state on behalf of a page of another origin.
};

/// Clients other than browsers send neither Origin nor Sec-Fetch-Site.
/// \param hosts        as `OperatorApiOptions::hosts`
/// \param cors_origins as `OperatorApiOptions::cors_origins`
OriginFault origin_fault(std::span<const std::string> hosts,
                         std::span<const std::string> cors_origins, const HttpRequest& request);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
