#include <cstdint>
#include <memory>
#include <utility>

#include <doctest/doctest.h>

#include "event_front.hpp"
#include "httplib_front.hpp"

using namespace gateway;

TEST_CASE("an address that is taken is one error, whichever front asks for it") {
  GatewayConfig config;
  config.server.listen = {.host = "127.0.0.1", .port = 0};
  const auto first = bind_event_front(config);
  REQUIRE(first.has_value());
  config.server.listen.port = (*first)->port();
  for (const auto bind : {&bind_event_front, &bind_httplib_front}) {
    const auto second = bind(config);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == vx11::Errc::address_unavailable);
    CHECK(second.error().detail.find("cannot listen on 127.0.0.1:") != std::string::npos);
  }
}
