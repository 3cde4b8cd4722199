// Which URLs the library accepts. One `Url` serves the router, both transports and the Redis probe.

#include "redis/url.hpp"

#include <vx11/url.hpp>

#include <array>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using vx11::Errc;
using vx11::Url;

namespace {

std::string mistake(std::string_view text) {
  const auto url = Url::parse(text);
  if (url) return {};
  CHECK(url.error().code == Errc::invalid_argument);
  return url.error().detail;
}

Url parsed(std::string_view text) {
  CAPTURE(text);
  const auto url = Url::parse(text);
  REQUIRE(url);
  return *url;
}

std::string host_of(std::string_view text) {
  return parsed(text).host();
}

}  // namespace

TEST_CASE("a URL has scheme, host, port and what the Host field says") {
  const Url url = parsed("http://switch:8002");
  CHECK(url.scheme() == "http");
  CHECK_FALSE(url.secure());
  CHECK(url.host() == "switch");
  CHECK(url.port() == 8002);
  CHECK(url.authority() == "switch:8002");
  CHECK(url.path().empty());
  CHECK(url.text() == "http://switch:8002");
}

TEST_CASE("without a port it is the scheme's, which is left out where it is named") {
  CHECK(parsed("http://switch").port() == 80);
  CHECK(parsed("https://switch").port() == 443);
  CHECK(parsed("http://switch:80").authority() == "switch");
  CHECK(parsed("https://switch:443").text() == "https://switch");
  CHECK(parsed("https://switch:80").authority() == "switch:80");
}

TEST_CASE("an IPv6 address has brackets in the Host field and none where it is looked up") {
  const Url url = parsed("https://[::1]:8443");
  CHECK(url.host() == "::1");
  CHECK(url.authority() == "[::1]:8443");
  CHECK(url.text() == "https://[::1]:8443");
  CHECK(parsed("http://[::ffff:10.0.0.2]").authority() == "[::ffff:10.0.0.2]");
}

TEST_CASE("equal origins have equal texts, however they are spelt") {
  CHECK(parsed("HTTP://Switch.EXAMPLE:080/") == parsed("http://switch.example"));
  CHECK(parsed("http://[0:0:0:0:0:0:0:1]") == parsed("http://[::1]"));
  CHECK(parsed("http://[FE80::00A]").host() == "fe80::a");
  CHECK_FALSE(parsed("http://switch") == parsed("https://switch"));
  CHECK_FALSE(parsed("http://switch") == parsed("http://switch:8080"));
}

TEST_CASE("an underscore may stand in a host, as in the names of containers") {
  CHECK(host_of("http://tentaculo_link:8000") == "tentaculo_link");
}

TEST_CASE("what the event-driven transport took and the blocking one refused") {
  CHECK(mistake("http://h:000080") == "url has no valid port: write 1 to 65535 after the colon");
  CHECK(mistake("http://[::1::2]") ==
        "url has no valid host: between brackets stands an IPv6 address, without a zone");
  CHECK(mistake("http://[:::::]").starts_with("url has no valid host"));
}

TEST_CASE("what the blocking transport took and the event-driven one refused") {
  CHECK(mistake("http://h:0") == "url has no valid port: write 1 to 65535 after the colon");
  CHECK(mistake("http://[127.0.0.1]").starts_with("url has no valid host"));
  CHECK(mistake("http://[switch]").starts_with("url has no valid host"));
  CHECK(mistake("http://[fe80::1%lo]").starts_with("url has no valid host"));
  for (const char* odd : {"http://a!b", "http://h%41", "http://a,b", "http://a;b", "http://a'b"}) {
    CHECK(mistake(odd) == "url has no valid host: a name is of letters, digits, dots, '-' and '_'");
  }
}

TEST_CASE("a number that only some resolvers read as an address is no host") {
  for (const char* text : {"http://2130706433", "http://127.1", "http://0x7f000001",
                           "http://0x7f.0.0.1", "http://127.0.0.01", "http://1.2.3.256",
                           "http://1.2.3.4.5", "http://127.0.0.1.", "http://switch.1"}) {
    CAPTURE(text);
    CHECK(mistake(text) == "url has no valid host: write an IPv4 address as four decimal numbers");
  }
  CHECK(host_of("http://127.0.0.1") == "127.0.0.1");
  CHECK(host_of("http://1and1.example") == "1and1.example");
}

TEST_CASE("labels and names have a length") {
  const std::string label(63, 'a');
  CHECK(host_of("http://" + label) == label);
  CHECK(mistake("http://" + label + "a") ==
        "url has no valid host: a name has at most 253 bytes, and 1 to 63 between dots");
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  CHECK(host_of("http://" + longest) == longest);
  CHECK(mistake("http://" + longest + "b").starts_with("url has no valid host"));
  for (const char* text : {"http://a..b", "http://.a", "http://.", "http://a.."}) {
    CHECK(mistake(text).starts_with("url has no valid host"));
  }
}

TEST_CASE("a dot at the end makes a name absolute, which no certificate knows") {
  CHECK(host_of("http://switch.svc.cluster.local.") == "switch.svc.cluster.local.");
  CHECK(mistake("https://switch.example.") ==
        "url has no valid host: certificates name no host with a dot at the end");
}

TEST_CASE("the error says what is wrong and repeats nothing") {
  CHECK(mistake("") == "url must begin with http:// or https://");
  CHECK(mistake("switch:8002") == "url must begin with http:// or https://");
  CHECK(mistake("redis://switch") == "url must begin with http:// or https://");
  CHECK(mistake("http://") == "url has no host");
  CHECK(mistake("http://:80") == "url has no host");
  CHECK(mistake("http://secret@switch") == "url must not carry credentials");
  CHECK(mistake("http://switch/path") == "url must have no path, query or fragment");
  CHECK(mistake("http://switch?q") == "url must have no path, query or fragment");
  CHECK(mistake("http://::1") == "url has no valid host: write an IPv6 address in brackets");
  CHECK(mistake("http://[::1]x").starts_with("url has no valid port"));
  CHECK(mistake("http://switch:").starts_with("url has no valid port"));
  CHECK(mistake("http://switch:65536").starts_with("url has no valid port"));
  CHECK(mistake(std::string_view("http://a\0b", 10)).starts_with("url has no valid host"));
  CHECK(mistake(std::string_view("http://[::1\0]", 13)).starts_with("url has no valid host"));
}

TEST_CASE("a path is kept where one is allowed") {
  constexpr std::array<vx11::UrlScheme, 1> kFtp = {{{"ftp", 21}}};
  const auto parse = [&](std::string_view text) {
    return Url::parse(text, {.schemes = kFtp, .path = true});
  };
  CHECK(parse("ftp://host/a/b")->path() == "/a/b");
  CHECK(parse("ftp://host/a/b")->text() == "ftp://host/a/b");
  CHECK(parse("ftp://host/")->path().empty());
  CHECK(parse("ftp://host")->port() == 21);
  CHECK(parse("ftp://host/a?b").error().detail == "url must have no query or fragment");
  CHECK(parse("ftp://host/a b").error().code == Errc::invalid_argument);
  CHECK(parse("http://host").error().detail == "url must begin with ftp://");
}

TEST_CASE("the Redis URL has the same rules for hosts and ports") {
  const auto host = [](std::string_view text) {
    const auto url = vx11::parse_redis_url(text);
    return url ? url->host : url.error().detail;
  };
  CHECK(host("redis://Redis") == "redis");
  CHECK(host("redis://u:p@[0::1]/3") == "::1");
  CHECK(host("redis://127.1") ==
        "url has no valid host: write an IPv4 address as four decimal numbers");
  CHECK(host("redis://[1::2::3]").starts_with("url has no valid host"));
  CHECK(host("redis://a..b").starts_with("url has no valid host"));
  CHECK(host("redis://redis:000006379").starts_with("url has no valid port"));
}
