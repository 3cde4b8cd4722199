#pragma once

/// \file
/// Waiting on an event loop.

#include <vx11/export.hpp>
#include <vx11/timer.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {

/// The timer for policies whose calls run on `HttpServer` or through `make_net_transport`: what
/// sleeps on one of their loops goes on there. Elsewhere it sleeps on a loop of its own.
///
/// Wakes at most 10 ms late, the tick of the loops' timer wheel, and never early. **Thread-safe.**
/// Outlives its sleeps.
VX11_API std::shared_ptr<Timer> make_net_timer();

}  // namespace v0
}  // namespace vx11
