#include <vx11/net/transport.hpp>

#include <memory>

#include <doctest/doctest.h>

#include "transport_suite.hpp"

using transport_suite_parts::TransportSettings;

TEST_CASE("the event-driven transport does what every transport over HTTP does") {
  transport_suite_parts::transport_suite([](const TransportSettings& settings) {
    vx11::NetTransportOptions options;
    options.connect_timeout = settings.connect_timeout;
    options.max_body_bytes = settings.max_response_bytes;
    options.resend_within = settings.resend_within;
    options.name_cache = settings.name_cache;
    options.look_up = settings.look_up;
    options.counters = settings.counters;
    return vx11::make_net_transport(options);
  });
}

TEST_CASE("what a transport counts is counted for the configured origin, too") {
  using namespace transport_suite_parts;
  FakeHttpServer server(Script([&](Peer& peer) {
    server.next(peer);
    peer.send(answer_of("ok"));
    server.next(peer);
    peer.reset();
  }));
  const auto all = std::make_shared<vx11::TransportCounters>();
  const auto own = std::make_shared<vx11::TransportCounters>();
  const auto other = std::make_shared<vx11::TransportCounters>();
  const auto transport = vx11::make_net_transport(
      {.counters = all,
       .counters_by_origin = {{server.origin(), own}, {"http://other.example", other}}});
  for (int i = 0; i < 2; ++i) CHECK(get(*transport, server.origin()));
  CHECK(all->resent == 1);
  CHECK(own->resent == 1);
  CHECK(other->resent == 0);
  CHECK(own->opened == 2);
  CHECK(own->reused == 1);
  CHECK(own->open == own->idle);
  CHECK(own->connecting == 0);
  CHECK(all->opened == 2);
  CHECK(other->opened == 0);
}

TEST_CASE("a call that finds no descriptor for the transport counts for its origin, too") {
  using namespace transport_suite_parts;
  const auto all = std::make_shared<vx11::TransportCounters>();
  const auto own = std::make_shared<vx11::TransportCounters>();
  const auto other = std::make_shared<vx11::TransportCounters>();
  const auto transport =
      vx11::make_net_transport({.counters = all,
                                .counters_by_origin = {{"http://madre.example:8001", own},
                                                       {"http://other.example", other}}});
  const NoDescriptorLeft none;
  for (const char* origin : {"http://madre.example:8001", "HTTP://MADRE.example:8001/"}) {
    CHECK(code_of(get(*transport, origin)) == Errc::exhausted);
  }
  CHECK(all->exhausted == 2);
  CHECK(own->exhausted == 2);
  CHECK(other->exhausted == 0);
}
