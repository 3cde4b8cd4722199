#include "http/reason_phrase.hpp"

#include <ostream>  // which Boost 1.81 leaves to its users
#include <string_view>

#include <boost/beast/http/status.hpp>
#include <doctest/doctest.h>

using vx11::http_detail::reason_phrase;

TEST_CASE("the phrases are those of Boost.Beast but where RFC 9110 names them anew") {
  for (int status = 100; status < 600; ++status) {
    if (reason_phrase(status) == "Unknown") continue;
    CAPTURE(status);
    const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    const auto phrase = boost::beast::http::obsolete_reason(known);
    const bool newer = status == 103 || status == 422 || status == 425;
    CHECK((newer || reason_phrase(status) == std::string_view(phrase.data(), phrase.size())));
  }
  CHECK(reason_phrase(422) == "Unprocessable Content");
}

TEST_CASE("an unregistered status is Unknown") {
  for (const int status : {0, 99, 299, 418, 599, 600, -1})
    CHECK(reason_phrase(status) == "Unknown");
}
