#include "http/retry_after.hpp"

#include <vx11/retry_after.hpp>
#include <vx11/retryable.hpp>

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

TEST_CASE("seconds may have a fraction, as some services send them") {
  CHECK(wait("1.5") == Wait(1500ms));
  CHECK(wait("30.0") == Wait(30s));
  CHECK(wait("2.0000000019") == Wait(2s + 1ns));
  CHECK(wait("99999999999999999999.5") == Wait(1h));
}

TEST_CASE("the obsolete forms of a date are read, in either field") {
  CHECK(wait("Sunday, 28-Dec-25 12:00:30 GMT", kNoon) == Wait(30s));
  CHECK(wait("Sun Dec 28 12:00:30 2025", kNoon) == Wait(30s));
  CHECK(wait("Sun, 28 Dec 2025 12:00:30 GMT", "Sun Dec 28 12:00:00 2025") == Wait(30s));
  CHECK(wait("Thu Jan  1 00:00:30 2026", "Wednesday, 31-Dec-25 23:59:59 GMT") == Wait(31s));
  CHECK(wait("Monday, 07-Nov-94 08:49:37 GMT", kNoon) == Wait(1s));
}

TEST_CASE("what cannot be read says nothing") {
  for (const char* value :
       {"", " ", "-1", "+1", "1.", ".5", "1.5.5", "1.x", "5s", "soon", "Sun, 28 Dec 2025 12:00:30",
        "28 Dec 2025", "Sun, 31 Feb 2025 12:00:30 GMT", "Sun, 28 Foo 2025 12:00:30 GMT",
        "Sun, 28 anF 2025 12:00:30 GMT", "Sun, 2x Dec 2025 12:00:30 GMT",
        "Sunday, 28 Dec 25 12:00:30 GMT", "Sun Feb 31 12:00:30 2025", "Sun Dec 28 12:00:30 25"}) {
    CAPTURE(value);
    CHECK(wait(value, kNoon) == std::nullopt);
  }
  CHECK(wait("Sun, 28 Dec 2025 12:00:30 GMT") == std::nullopt);
  CHECK(wait("Sun, 28 Dec 2025 12:00:30 GMT", "yesterday") == std::nullopt);
  CHECK(vx11::retry_after(HttpResponse(429)) == std::nullopt);
}

TEST_CASE("other statuses than 429, 503 and 529 are ignored") {
  CHECK(wait("7", {}, 503) == Wait(7s));
  CHECK(wait("7", {}, 529) == Wait(7s));
  for (const int status : {200, 301, 404, 500, 502}) CHECK(wait("7", {}, status) == std::nullopt);
}

TEST_CASE("a retry reads dates and statuses as the router does") {
  const auto asked = [](std::string value, int status = 503) {
    HttpResponse response(status);
    response.headers.add("Retry-After", std::move(value));
    response.headers.add("Date", kNoon);
    return vx11::DefaultRetryAfter()(vx11::Result<HttpResponse>(response));
  };
  CHECK(asked("Sun, 28 Dec 2025 12:00:30 GMT") == Wait(30s));
  CHECK(asked("7", 429) == Wait(7s));
  CHECK(asked("7", 502) == std::nullopt);
  CHECK(asked("7200") == Wait(2h));  // a retry that may wait for so long must not come early
}

TEST_CASE("dates are read across leap days and centuries") {
  const auto between = [](std::string from, std::string to) {
    return vx11::parse_retry_after(to, from);
  };
  CHECK(between("Wed, 28 Feb 2024 23:59:59 GMT", "Fri, 01 Mar 2024 00:00:00 GMT") ==
        Wait(24h + 1s));
  CHECK(between("Tue, 28 Feb 2023 23:59:59 GMT", "Wed, 01 Mar 2023 00:00:00 GMT") == Wait(1s));
  CHECK(between("Sun, 28 Feb 2100 23:59:59 GMT", "Mon, 01 Mar 2100 00:00:00 GMT") == Wait(1s));
  CHECK(between("Sun, 01 Jan 2023 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT") ==
        Wait(24h * 365));
  CHECK(between("Wed, 28 Feb 2024 00:00:00 GMT", "Sat, 30 Feb 2024 00:00:00 GMT") == std::nullopt);
  static_assert(vx11::parse_retry_after("7") == vx11::Duration(7'000'000'000));
}
