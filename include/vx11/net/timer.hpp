#pragma once

/// \file
/// Waiting on an event loop.

#include <vx11/export.hpp>
#include <vx11/timer.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {

/// Timer for policies whose calls run on `HttpServer` or through `make_net_transport`: a sleep
/// started on an event loop resumes on that loop. Other sleeps use a loop owned by the timer.
///
/// Wakes at most 10 ms late (the tick of the timer wheel), never early. **Thread-safe.** Must
/// outlive its sleeps.
VX11_API std::shared_ptr<Timer> make_net_timer();

}  // namespace v0
}  // namespace vx11
