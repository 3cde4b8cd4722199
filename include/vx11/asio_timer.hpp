#pragma once

/// \file
/// Deprecated, removed with the next minor version: the old name of `<vx11/net/timer.hpp>`.

#include <vx11/net/timer.hpp>

#include <memory>

#pragma message("<vx11/asio_timer.hpp> is deprecated: include <vx11/net/timer.hpp>")

namespace vx11 {
inline namespace v0 {

[[deprecated("use make_net_timer")]] inline std::shared_ptr<Timer> make_asio_timer() {
  return make_net_timer();
}

}  // namespace v0
}  // namespace vx11
