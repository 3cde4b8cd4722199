#include "router_upstreams.hpp"

using namespace router_upstreams;

namespace {

/// The mistakes that `create` reports; empty if none.
std::string mistakes(RouterOptions options) {
  const auto router = Router::create(std::move(options));
  if (router) return {};
  CHECK(router.error().code == Errc::invalid_argument);
  return router.error().detail;
}

std::string mistakes_of(RouterTarget one) {
  RouterOptions options;
  options.targets.push_back(std::move(one));
  return mistakes(std::move(options));
}

}  // namespace

TEST_CASE("a router needs targets and a positive deadline") {
  CHECK(mistakes(RouterOptions{}) == "no targets");
  CHECK(mistakes({.total_timeout = 0s}) == "total_timeout must be positive; no targets");
}

TEST_CASE("each mistake of a target is named with the target") {
  CHECK(mistakes_of(target("switch")).empty());
  CHECK(mistakes_of(target("")) ==
        "target 1: no name; target 1: no dialect, and none is known for this name");
  CHECK(mistakes_of(target("other")) ==
        "target \"other\": no dialect, and none is known for this name");

  RouterTarget one = target("madre");
  one.transport = nullptr;
  CHECK(mistakes_of(one) == "target \"madre\": no transport");
  one = target("madre");
  one.try_timeout = 0s;
  CHECK(mistakes_of(one) == "target \"madre\": try_timeout must be positive");
  one.try_timeout = -1s;
  CHECK(mistakes_of(one) == "target \"madre\": try_timeout must be positive");
}

TEST_CASE("all mistakes of a description are named at once") {
  RouterTarget first = target("switch", "ftp://host");
  first.transport = nullptr;
  RouterTarget second = target("switch");
  second.try_timeout = 0s;
  CHECK(
      mistakes({.targets = {first, second}, .total_timeout = -1s}) ==
      "total_timeout must be positive; target \"switch\": no transport; "
      "target \"switch\": url must begin with http:// or https://; "
      "target \"switch\": the name is used twice; target \"switch\": try_timeout must be positive");
}

TEST_CASE("a url is an origin and nothing more") {
  for (const char* url :
       {"http://switch:8002", "https://switch", "http://10.0.0.2:1", "http://[::1]:65535",
        "http://[fe80::1]", "HTTP://tentaculo_link:8000/", "http://a-b.example/"}) {
    CAPTURE(url);
    CHECK(mistakes_of(target("switch", url)).empty());
  }
  for (const char* url : {"",
                          "switch:8002",
                          "ftp://switch",
                          "http:/switch",
                          "http://",
                          "http:///",
                          "http://:80",
                          "http://switch/path",
                          "http://switch//",
                          "http://switch?q",
                          "http://switch#f",
                          "http://switch/?q",
                          "http://user:secret@switch",
                          "http://secret@switch",
                          "http://switch:",
                          "http://switch:0",
                          "http://switch:65536",
                          "http://switch:http",
                          "http://switch:+80",
                          "http://switch:80:80",
                          "http://swi tch",
                          "http://switch\r\nX: y",
                          " http://switch",
                          "http://[::1",
                          "http://::1",
                          "http://[]",
                          "http://[::1]x",
                          "http://[::1]x:80",
                          "http://sw\xC3\xADtch"}) {
    CAPTURE(url);
    const std::string found = mistakes_of(target("switch", url));
    CHECK(found.starts_with("target \"switch\": url "));
    CHECK(found.find("secret") == std::string::npos);
  }
}

TEST_CASE("one breaker cannot stand for two targets") {
  RouterTarget first = target("switch");
  RouterTarget second = target("madre");
  first.breaker = second.breaker = std::make_shared<CircuitBreaker>();
  CHECK(mistakes({.targets = {first, second}}) ==
        "target \"madre\": its breaker is another target's too");
}

TEST_CASE("a target of any name will do if it brings its dialect") {
  RouterTarget one = target("other");
  one.dialect = vx11::madre_dialect();
  CHECK(mistakes_of(one).empty());
}

TEST_CASE("a router knows its targets and their breakers") {
  Upstreams up;
  RouterOptions options = up.options();
  const auto shared = std::make_shared<CircuitBreaker>();
  options.targets[1].breaker = shared;
  const Router router = Router::create(options).value();
  CHECK(router.targets() == std::vector<std::string>{"switch", "madre"});
  CHECK(router.breaker("madre") == shared);
  CHECK(router.breaker("switch") != nullptr);
  CHECK(router.breaker("nobody") == nullptr);
}

TEST_CASE("a breaker that the router makes waits for a probe as long as a try may take") {
  RouterTarget slow = target("switch");
  slow.try_timeout = 10min;
  RouterOptions options;
  options.targets.push_back(slow);
  const Router router = Router::create(options).value();
  CHECK(router.breaker("switch")->options().probe_timeout >= 10min);
}
