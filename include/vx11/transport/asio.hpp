#pragma once

/// \file
/// Deprecated, removed in the next minor version: the old names of `<vx11/net/transport.hpp>`.

#include <vx11/net/transport.hpp>

#include <memory>
#include <utility>

#pragma message("<vx11/transport/asio.hpp> is deprecated: include <vx11/net/transport.hpp>")

namespace vx11 {
inline namespace v0 {

using AsioTransportOptions [[deprecated("use NetTransportOptions")]] = NetTransportOptions;

[[deprecated("use make_net_transport")]] inline std::shared_ptr<StreamingTransport>
make_asio_transport(NetTransportOptions options = {}) {
  return make_net_transport(std::move(options));
}

}  // namespace v0
}  // namespace vx11
