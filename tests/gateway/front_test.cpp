#include "front.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace gateway;

TEST_CASE("an address that is taken is an error that names it") {
  GatewayConfig config;
  config.server.listen = {.host = "127.0.0.1", .port = 0};
  const auto first = bind_front(config);
  REQUIRE(first.has_value());
  config.server.listen.port = (*first)->port();
  const auto second = bind_front(config);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == vx11::Errc::address_unavailable);
  CHECK(second.error().detail.find("cannot listen on 127.0.0.1:") != std::string::npos);
}
