#include "http/retry_after.hpp"

#include <optional>
#include <string>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::HttpResponse;
using Wait = std::optional<vx11::Duration>;

namespace {

Wait wait(std::string value, std::string date = {}, int status = 429) {
  HttpResponse response(status);
  response.headers.add("Retry-After", std::move(value));
  if (!date.empty()) response.headers.add("Date", std::move(date));
  return vx11::retry_after(response);
}

constexpr const char* kNoon = "Sun, 28 Dec 2025 12:00:00 GMT";

}  // namespace

TEST_CASE("seconds are taken as they are, between one and an hour") {
  CHECK(wait("7") == Wait(7s));
  CHECK(wait("007") == Wait(7s));
  CHECK(wait("0") == Wait(1s));
  CHECK(wait("3600") == Wait(1h));
  CHECK(wait("3601") == Wait(1h));
  CHECK(wait("9223372036854775807") == Wait(1h));
  CHECK(wait("99999999999999999999999999") == Wait(1h));
}

TEST_CASE("a date counts from the date of the same response") {
  CHECK(wait("Sun, 28 Dec 2025 12:00:30 GMT", kNoon) == Wait(30s));
  CHECK(wait("Sun, 28 Dec 2025 11:00:00 GMT", kNoon) == Wait(1s));
  CHECK(wait("Fri, 31 Dec 9999 23:59:59 GMT", kNoon) == Wait(1h));
  CHECK(wait("Sat, 01 Jan 0000 00:00:00 GMT", kNoon) == Wait(1s));
  CHECK(wait("Thu, 01 Jan 2026 00:00:30 GMT", "Wed, 31 Dec 2025 23:59:59 GMT") == Wait(31s));
}

TEST_CASE("what cannot be read says nothing") {
  for (const char* value : {"", " ", "-1", "+1", "1.5", "5s", "soon", "Sun, 28 Dec 2025 12:00:30",
                            "28 Dec 2025", "Sun, 31 Feb 2025 12:00:30 GMT",
                            "Sun, 28 Foo 2025 12:00:30 GMT", "Sun, 28 anF 2025 12:00:30 GMT",
                            "Sun, 2x Dec 2025 12:00:30 GMT", "Sunday, 28-Dec-25 12:00:30 GMT"}) {
    CAPTURE(value);
    CHECK(wait(value, kNoon) == std::nullopt);
  }
  CHECK(wait("Sun, 28 Dec 2025 12:00:30 GMT") == std::nullopt);
  CHECK(wait("Sun, 28 Dec 2025 12:00:30 GMT", "yesterday") == std::nullopt);
  CHECK(vx11::retry_after(HttpResponse(429)) == std::nullopt);
}

TEST_CASE("other statuses than 429 and 503 have no say") {
  CHECK(wait("7", {}, 503) == Wait(7s));
  for (const int status : {200, 301, 404, 500, 502}) CHECK(wait("7", {}, status) == std::nullopt);
}
