#include <vx11/socket/detail/address.hpp>

#include <string>

#include <doctest/doctest.h>

#include "transport_suite/shortages.hpp"

using vx11::socket_detail::Address;
using vx11::socket_detail::look_up;

TEST_CASE("an IPv4 address is read and written") {
  const auto address = Address::parse("127.0.0.1", 8000);
  REQUIRE(address);
  CHECK(address->host() == "127.0.0.1");
  CHECK(address->port() == 8000);
  CHECK(address->family() == AF_INET);
  CHECK(address->size() == sizeof(sockaddr_in));
}

TEST_CASE("an IPv6 address is read without brackets and written in its short form") {
  const auto address = Address::parse("0:0::0:1", 443);
  REQUIRE(address);
  CHECK(address->host() == "::1");
  CHECK(address->port() == 443);
  CHECK(address->is_v6());
  CHECK(address->size() == sizeof(sockaddr_in6));
}

TEST_CASE("a link-local address may name its zone") {
  REQUIRE(Address::parse("fe80::1%1", 80));
  CHECK(Address::parse("fe80::1%1", 80)->host().starts_with("fe80::1%"));
  CHECK_FALSE(Address::parse("fe80::1%no-such-interface", 80));
  CHECK_FALSE(Address::parse("fe80::1%", 80));
}

TEST_CASE("names and other numeric forms are no addresses") {
  for (const char* text : {"", "localhost", "127.1", "0x7f000001", "1.2.3.256", "[::1]", "::1::"}) {
    CAPTURE(text);
    CHECK_FALSE(Address::parse(text, 80));
  }
}

TEST_CASE("a look-up gives addresses, and none for a name that does not exist") {
  const auto found = look_up("localhost");
  REQUIRE(found);
  REQUIRE_FALSE(found->empty());
  for (const Address& address : *found) CHECK(address.with_port(8000).port() == 8000);
  CHECK_FALSE(look_up("no-such-name.invalid"));
}

TEST_CASE("a look-up without descriptors is our own shortage, not an unknown name") {
  const transport_suite_parts::NoDescriptorLeft none;
  const auto found = look_up("no-such-name.invalid");
  REQUIRE_FALSE(found);
  CHECK(found.error().code == vx11::Errc::exhausted);
}

TEST_CASE("a port does not change the address it is set on") {
  const Address bare = Address::parse("::1", 0).value();
  CHECK(bare.with_port(443).port() == 443);
  CHECK(bare.with_port(443).host() == "::1");
  CHECK(bare.port() == 0);
}
