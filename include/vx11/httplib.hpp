#pragma once

/// \file
/// The adapter to cpp-httplib: `HttplibTransport` sends, `mount` serves.
///
/// Opt-in, header-only, and the only public headers that include `<httplib.h>`. Link
/// `vx11::httplib`, which brings cpp-httplib with the macros it was built with.

#include <vx11/httplib/mount.hpp>
#include <vx11/httplib/transport.hpp>
