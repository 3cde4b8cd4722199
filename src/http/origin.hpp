#pragma once

/// \file
/// Base URLs of upstreams. Internal, and seen by vx11::net where the libraries are shared.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Reads a base URL: `http://host[:port]` or `https://…`, the host a name, an IPv4 address or an
/// IPv6 address in brackets. \return it with the scheme in lower case and without a trailing slash,
/// or `invalid_argument` with what is wrong; the detail never repeats the URL, which may hold a
/// password
VX11_API Result<std::string> parse_origin(std::string_view url);

}  // namespace v0
}  // namespace vx11
