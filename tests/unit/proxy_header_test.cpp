// The header of the PROXY protocol: what is accepted of both versions, and what is not.
#include "net/server/proxy_header.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

using vx11::net_detail::ProxyHeader;
using vx11::net_detail::read_proxy_header;
using Then = ProxyHeader::Then;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;

std::string version_2(char command, char family, const std::string& block) {
  std::string header(kSignature);
  header += command;
  header += family;
  header += static_cast<char>(block.size() >> 8U);
  header += static_cast<char>(block.size() & 0xFFU);
  return header + block;
}

const std::string kPorts = "\x11\x22\x01\xBB";
const std::string kV4 = std::string("\xC0\x00\x02\x01\xC6\x33\x64\x01", 8) + kPorts;
const std::string kV6 =
    std::string("\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x07", 16) + std::string(16, '\0') + kPorts;

/// The client of a whole header; `-` for none, `?` for what is not accepted.
std::string client_of(const std::string& header) {
  const ProxyHeader read = read_proxy_header(header + "GET / HTTP/1.1\r\n");
  if (read.then != Then::done) return "?";
  CHECK(read.size == header.size());
  for (std::size_t size = 0; size < header.size(); ++size) {
    CHECK(read_proxy_header(std::string_view(header).substr(0, size)).then == Then::more);
  }
  return read.client.empty() ? "-" : read.client;
}

}  // namespace

TEST_CASE("version 1 names the client, or says that it is not known") {
  CHECK(client_of("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n") == "192.0.2.1");
  CHECK(client_of("PROXY TCP6 2001:DB8::7 ::1 0 65535\r\n") == "2001:db8::7");
  CHECK(client_of("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n") == "192.0.2.1");
  CHECK(client_of("PROXY UNKNOWN\r\n") == "-");
  CHECK(client_of("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n") == "-");
}

TEST_CASE("of version 1 nothing malformed is accepted") {
  for (const char* line :
       {"PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n", "PROXY TCP4 192.0.2.1  198.51.100.1 1 2\r\n",
        "PROXY TCP4 2001:db8::7 ::1 1 2\r\n", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 host other 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rX",
        "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", " PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"}) {
    CAPTURE(line);
    CHECK(client_of(line) == "?");
  }
}

TEST_CASE("a line of version 1 has 107 bytes at most") {
  const std::string start = "PROXY UNKNOWN ";
  CHECK(client_of(start + std::string(105 - start.size(), 'x') + "\r\n") == "-");
  CHECK(client_of(start + std::string(106 - start.size(), 'x') + "\r\n") == "?");
  CHECK(read_proxy_header(start + std::string(106 - start.size(), 'x')).then == Then::more);
  CHECK(read_proxy_header(start + std::string(107 - start.size(), 'x')).then == Then::malformed);
}

TEST_CASE("version 2 names the client, or leaves that of the connection") {
  CHECK(client_of(version_2('\x21', '\x11', kV4)) == "192.0.2.1");
  CHECK(client_of(version_2('\x21', '\x21', kV6)) == "2001:db8::7");
  CHECK(client_of(version_2('\x21', '\x11', kV4 + std::string("\x04\x00\x02zz", 5))) ==
        "192.0.2.1");
  CHECK(client_of(version_2('\x20', '\x11', kV4)) == "-");
  CHECK(client_of(version_2('\x20', '\0', "")) == "-");
  CHECK(client_of(version_2('\x21', '\0', "ignored")) == "-");
  CHECK(client_of(version_2('\x21', '\x31', std::string(216, 'p'))) == "-");
}

TEST_CASE("of version 2 nothing malformed is accepted") {
  CHECK(client_of(version_2('\x11', '\x11', kV4)) == "?");
  CHECK(client_of(version_2('\x22', '\x11', kV4)) == "?");
  CHECK(client_of(version_2('\x21', '\x41', kV4)) == "?");
  CHECK(client_of(version_2('\x21', '\x13', kV4)) == "?");
  CHECK(client_of(version_2('\x21', '\x11', kV4.substr(1))) == "?");
  CHECK(client_of(version_2('\x21', '\x21', kV4)) == "?");
  CHECK(client_of(version_2('\x21', '\x31', std::string(215, 'p'))) == "?");
  CHECK(client_of(version_2('\x21', '\x11', std::string(4080, 'x'))) != "?");
  CHECK(client_of(version_2('\x21', '\x11', std::string(4081, 'x'))) == "?");
}

TEST_CASE("what is no header is recognized by its first different byte") {
  CHECK(read_proxy_header("").then == Then::more);
  CHECK(read_proxy_header("P").then == Then::more);
  CHECK(read_proxy_header("PO").then == Then::malformed);
  CHECK(read_proxy_header("GET / HTTP/1.1\r\n").then == Then::malformed);
  CHECK(read_proxy_header("\x16\x03\x01").then == Then::malformed);
  CHECK(read_proxy_header("\r\n\r\n\r\n").then == Then::malformed);
}
