// Which proxies are trusted, and which client the headers of one name.
#include "net/server/forwarded.hpp"

#include <vx11/net/trusted_proxies.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

using vx11::ClientHeader;
using vx11::Headers;
using vx11::TrustedProxies;
using vx11::net_detail::client_behind;

namespace {

TrustedProxies trusting(const std::vector<std::string>& names) {
  return TrustedProxies::parse(names).value();
}

std::string client_by(ClientHeader header, const std::string& name,
                      const std::vector<std::string>& fields) {
  Headers headers;
  for (const std::string& field : fields) headers.add(name, field);
  return client_behind(headers, header, trusting({"10.0.0.0/8", "2001:db8:1::/48"}));
}
std::string by_list(const std::vector<std::string>& fields) {
  return client_by(ClientHeader::x_forwarded_for, "x-forwarded-for", fields);
}
std::string by_forwarded(const std::vector<std::string>& fields) {
  return client_by(ClientHeader::forwarded, "Forwarded", fields);
}

}  // namespace

TEST_CASE("proxies are trusted by address, by network, and over a Unix-domain socket") {
  const TrustedProxies proxies =
      trusting({"10.0.0.0/8", "192.0.2.7", "::1", "2001:db8::/33", "unix"});
  for (const char* address : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "::1", "2001:db8:7fff::1",
                              "::ffff:10.1.2.3", "", "::1%lo"}) {
    CAPTURE(address);
    CHECK(proxies.contains(address));
  }
  for (const char* address : {"11.0.0.0", "9.255.255.255", "192.0.2.8", "::2",
                              "2001:db8:8000::", "::10.1.2.3", "unix", "x"}) {
    CAPTURE(address);
    CHECK_FALSE(proxies.contains(address));
  }
  CHECK_FALSE(trusting({"::/0"}).contains(""));
  CHECK(trusting({"::/0"}).contains("192.0.2.1"));
  CHECK(trusting({"0.0.0.0/0"}).contains("192.0.2.1"));
  CHECK_FALSE(trusting({"0.0.0.0/0"}).contains("2001:db8::1"));
  CHECK(TrustedProxies().empty());
  CHECK_FALSE(TrustedProxies().contains(""));
}

TEST_CASE("what is no proxy is refused with what to write") {
  for (const char* name : {"proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::1/129",
                           "10.0.0.0/8/8", "10.0.0", "", "/8", "10.0.0.0/8x", " 10.0.0.1", "*"}) {
    CAPTURE(name);
    CHECK_FALSE(TrustedProxies::parse({name}));
  }
  CHECK(TrustedProxies::parse({"::1", "proxy"}).error().detail ==
        "trusted proxy 'proxy': expected an address, a network such as 10.0.0.0/8 or fd00::/8, or "
        "unix");
  CHECK(TrustedProxies::parse({"10.1.2.3/8"}).error().detail ==
        "trusted proxy '10.1.2.3/8': the address has bits beyond the first 8; write 10.0.0.0/8");
}

TEST_CASE("the client is the last address that is not of a trusted proxy") {
  CHECK(by_list({"203.0.113.7"}) == "203.0.113.7");
  CHECK(by_list({"198.51.100.1, 203.0.113.7"}) == "203.0.113.7");
  CHECK(by_list({"198.51.100.1,203.0.113.7 , 10.0.0.1\t, 10.0.0.2"}) == "203.0.113.7");
  CHECK(by_list({"198.51.100.1", "203.0.113.7", "10.0.0.1"}) == "203.0.113.7");
  CHECK(by_list({"2001:DB8::7, 2001:db8:1::5"}) == "2001:db8::7");
  CHECK(by_list({"203.0.113.7:4711, [2001:db8:1::5]:80, [2001:db8:1::5]"}) == "203.0.113.7");
  CHECK(by_list({"::ffff:203.0.113.7"}) == "203.0.113.7");
  CHECK(by_list({"10.0.0.3, 10.0.0.2"}) == "10.0.0.3");
}

TEST_CASE("an element that is no address ends the search") {
  CHECK(by_list({}).empty());
  CHECK(by_list({"", "unknown"}).empty());
  CHECK(by_list({"203.0.113.7, unknown"}).empty());
  CHECK(by_list({"203.0.113.7, , 10.0.0.1"}) == "10.0.0.1");
  CHECK(by_list({"203.0.113.7, proxy.example, 10.0.0.1, 10.0.0.2"}) == "10.0.0.1");
  for (const char* node : {"203.0.113.7:", "203.0.113.7:x", "203.0.113.7:123456", "[203.0.113.7]",
                           "[2001:db8::7", "[2001:db8::7]x", "[2001:db8::7]:", "2001:db8::7%eth0",
                           "203.0.113.07", "203.0.113", "0x7f.1", "203.0.113.7 x"}) {
    CAPTURE(node);
    CHECK(by_list({node}).empty());
  }
}

TEST_CASE("Forwarded is read by its grammar") {
  CHECK(by_forwarded({"for=203.0.113.7"}) == "203.0.113.7");
  CHECK(by_forwarded({"For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1"}) == "2001:db8::7");
  CHECK(by_forwarded({"for=198.51.100.1, for=203.0.113.7;by=10.0.0.9, proto=http; for=10.0.0.1"}) ==
        "203.0.113.7");
  CHECK(by_forwarded({"for=198.51.100.1", "for=\"203.0.113.7:80\""}) == "203.0.113.7");
  CHECK(by_forwarded({"host=\"a, for=198.51.100.9\";for=203.0.113.7"}) == "203.0.113.7");
  CHECK(by_forwarded({"for=\"203.0.113\\.7\""}) == "203.0.113.7");
}

TEST_CASE("a Forwarded field that is malformed or hides its client names none") {
  for (const char* field :
       {"for=unknown", "for=_hidden", "for=", "for", "=203.0.113.7", "for=203.0.113.7;",
        "for=203.0.113.7,", "for=203.0.113.7;for=203.0.113.8", "for =203.0.113.7", "proto=http",
        "for=\"203.0.113.7", "for=203.0.113.7 x", "for=\"203.0.113.7\"x", "for=\"203.0.113.7\\"}) {
    CAPTURE(field);
    CHECK(by_forwarded({field}).empty());
  }
  CHECK(by_forwarded({"for=203.0.113.7", "for=_hidden", "for=10.0.0.1"}) == "10.0.0.1");
}

TEST_CASE("a quote that a client leaves open does not hide what the proxy adds") {
  CHECK(by_forwarded({"for=198.51.100.9;x=\", for=203.0.113.7"}).empty());
  CHECK(by_forwarded({"for=198.51.100.9;x=\", for=\"[2001:db8::7]\""}).empty());
  CHECK(by_forwarded({"for=198.51.100.9;x=\"", "for=203.0.113.7"}) == "203.0.113.7");
}

TEST_CASE("only the header that is configured is read") {
  Headers headers;
  headers.add("Forwarded", "for=198.51.100.9");
  headers.add("X-Forwarded-For", "203.0.113.7");
  const TrustedProxies proxies = trusting({"10.0.0.0/8"});
  CHECK(client_behind(headers, ClientHeader::x_forwarded_for, proxies) == "203.0.113.7");
  CHECK(client_behind(headers, ClientHeader::forwarded, proxies) == "198.51.100.9");
}
