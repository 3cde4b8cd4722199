#include <vx11/net/transport.hpp>

#include <doctest/doctest.h>

#include "transport_suite.hpp"

using transport_suite_parts::TransportSettings;

TEST_CASE("the event-driven transport does what every transport over HTTP does") {
  transport_suite_parts::transport_suite([](const TransportSettings& settings) {
    vx11::NetTransportOptions options;
    options.connect_timeout = settings.connect_timeout;
    options.max_body_bytes = settings.max_response_bytes;
    options.name_cache = settings.name_cache;
    options.look_up = settings.look_up;
    options.counters = settings.counters;
    return vx11::make_net_transport(options);
  });
}
