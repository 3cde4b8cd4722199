#include <vx11/http_method.hpp>

#include <doctest/doctest.h>

TEST_CASE("the methods that ask for information are safe") {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE"}) CHECK(vx11::is_safe(method));
  for (const char* method : {"PUT", "DELETE", "POST", "PATCH", "CONNECT", "get", "", "GET "}) {
    CAPTURE(method);
    CHECK_FALSE(vx11::is_safe(method));
  }
}

TEST_CASE("the safe methods, TRACE among them, PUT and DELETE may be repeated") {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    CAPTURE(method);
    CHECK(vx11::is_idempotent(method));
  }
  for (const char* method : {"POST", "PATCH", "CONNECT", "delete", "PROPFIND", ""}) {
    CAPTURE(method);
    CHECK_FALSE(vx11::is_idempotent(method));
  }
}
