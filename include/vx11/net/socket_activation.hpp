#pragma once

/// \file
/// Which socket systemd passed to this process: see `ServeOptions::listen`.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {

/// What `listen = "systemd:"` would serve, so that a program can decide before it binds, for
/// example whether the address needs TLS. Changes nothing; not thread-safe beside changes of the
/// environment.
/// \return `host:port`, or `unix:/path`; `address_unavailable` with what is wrong if systemd did
///         not pass exactly one listening stream socket, or a server has taken it
VX11_API Result<std::string> activated_address();

}  // namespace v0
}  // namespace vx11
