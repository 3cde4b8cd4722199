// What a server writes does not depend on the C locale: the date of a German one would hold "Mär",
// in Latin-1 or with a NUL.

#include "net/http/response_text.hpp"

#include <clocale>
#include <string>

#include <doctest/doctest.h>

using namespace vx11::net_detail;

TEST_CASE("the date has the form of RFC 9110, in English, whatever the C locale is") {
  for (const char* locale : {"C", "de_DE.UTF-8", "de_DE", "tr_TR.ISO-8859-9", ""}) {
    CAPTURE(locale);
    std::setlocale(LC_ALL, locale);  // without effect where it is not installed
    CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(http_date(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
    CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  }
  std::setlocale(LC_ALL, "C");
}

TEST_CASE("a refusal names its reason in ASCII letters") {
  CHECK(refusal(414, "why").body.find(R"("error":"uri_too_long")") != std::string::npos);
}
