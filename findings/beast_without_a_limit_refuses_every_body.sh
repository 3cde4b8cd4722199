#!/usr/bin/env bash
# What:     Boost.Beast of Boost 1.74.0 (Debian 12's default) and 1.81.0 (Debian 12): an HTTP parser with
#           `body_limit(boost::none)`, which by its documentation sets no limit, reads a request with a body.
# Guess:    both read the body.
# Seen:     1.74 refuses every message that has a Content-Length above 0, with body_limit: an empty optional compares as less
#           than any length. A chunked body passes. A program written with a newer Boost fails with the default one of
#           Debian 12 where a body has a length; the largest number as the limit works in both.
# Output:   1.74 none, Content-Length: body limit exceeded
#           1.74 none, chunked: Success
#           1.74 largest number, Content-Length: Success
#           1.81 none, Content-Length: Success
#           1.81 none, chunked: Success
#           1.81 largest number, Content-Length: Success
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >finding.cpp <<'CPP'
#include <cstdint>
#include <iostream>
#include <limits>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>

namespace http = boost::beast::http;

void read(const char* what, const std::string& rest, boost::optional<std::uint64_t> limit) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(limit);
  boost::system::error_code error;
  parser.put(boost::asio::buffer("POST / HTTP/1.1\r\nHost: a\r\n" + rest), error);
  std::cout << VERSION << what << ": " << error.message() << '\n';
}

int main() {
  const std::string sized = "Content-Length: 4\r\n\r\nbody";
  read(" none, Content-Length", sized, boost::none);
  read(" none, chunked", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", boost::none);
  read(" largest number, Content-Length", sized, std::numeric_limits<std::uint64_t>::max());
}
CPP
# Debian 12's packages, unpacked into the temporary folder.
apt-get download -qq 'libboost1.74-dev=1.74.0+ds1-*' 'libboost1.81-dev=1.81.0-*' 2>apt || { cat apt >&2; exit 2; }
for version in 1.74 1.81; do
  dpkg -x libboost"$version"-dev*.deb "$version"
  g++ -std=c++17 -O0 -w -DVERSION="\"$version\"" -isystem "$version/usr/include" finding.cpp -o finding
  ./finding
done | tee seen
diff - seen <<'EXPECTED'
1.74 none, Content-Length: body limit exceeded
1.74 none, chunked: Success
1.74 largest number, Content-Length: Success
1.81 none, Content-Length: Success
1.81 none, chunked: Success
1.81 largest number, Content-Length: Success
EXPECTED
