// One text of an upstream's URL serves name look-up, Host, SNI and the check of the certificate,
// however the URL is spelt, over both transports.

#include <vx11/httplib.hpp>
#include <vx11/net/transport.hpp>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "fake_tls_server.hpp"
#include "transport_suite/helpers.hpp"

using namespace transport_suite_parts;
using fake_tls_server::FakeTlsServer;
using fake_tls_server::TlsPeer;
using tls_certificate::TlsCertificate;

namespace {

/// What the parts of a call were given as the host.
struct Seen {
  std::vector<std::string> looked_up = {};
  std::string sni = {};
  std::string host = {};
};

struct Call {
  Seen seen = {};
  Result<HttpResponse> answer = HttpResponse();
  int connections = 0;
};

enum class Over : unsigned char { net, httplib };

std::shared_ptr<Transport> make(Over over, const std::string& ca_file, vx11::NameLookup look_up) {
  if (over == Over::net) {
    vx11::NetTransportOptions options;
    options.connect_timeout = kSoon;
    options.ca_file = ca_file;
    options.look_up = std::move(look_up);
    return vx11::make_net_transport(options);
  }
  vx11::HttplibOptions options;
  options.connect_timeout = kSoon;
  options.ca_file = ca_file;
  options.look_up = std::move(look_up);
  return std::make_shared<vx11::HttplibTransport>(options);
}

/// The value of Host without the port.
std::string host_of(const std::string& head) {
  const std::size_t from = head.find("\r\nHost: ") + 8;
  const std::string value = head.substr(from, head.find("\r\n", from) - from);
  return value.substr(0, value.rfind(':'));
}

/// Calls `https://host:port` of a server whose certificate has these names.
Call call(Over over, const std::string& host, const std::string& names, int family = AF_INET) {
  struct Shared {
    std::mutex mutex;
    Seen seen;
  };
  const auto shared = std::make_shared<Shared>();
  Call result;
  {
    const TlsCertificate certificate(names);
    FakeTlsServer server(
        certificate,
        [&](TlsPeer& peer) {
          const std::string head = peer.read_head();
          {
            const std::lock_guard lock(shared->mutex);
            shared->seen.sni = peer.server_name();
            shared->seen.host = host_of(head);
          }
          peer.send(answer_of("ok"));
        },
        family);
    const auto look_up = [shared](const std::string& name) -> Result<vx11::ResolvedName> {
      const std::lock_guard lock(shared->mutex);
      shared->seen.looked_up.push_back(name);
      return vx11::ResolvedName{.addresses = {"127.0.0.1"}};
    };
    result.answer = get(*make(over, certificate.file(), look_up), server.origin(host));
    result.connections = server.connections();
  }
  const std::lock_guard lock(shared->mutex);
  result.seen = shared->seen;
  return result;
}

bool has_ipv6() {
  try {
    const fake_http_server::LocalSocket socket(AF_INET6);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("a name is looked up, sent and checked in lower case, however it is spelt") {
  struct Spelling {
    std::string written;
    std::string certificate;
    std::string used;
  };
  const std::vector<Spelling> spellings = {
      {"switch.example", "DNS:switch.example", "switch.example"},
      {"SWITCH.Example", "DNS:switch.example", "switch.example"},
      {"switch.example", "DNS:SWITCH.Example", "switch.example"},
      {"XN--Mnchen-3YA.example", "DNS:xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
      {"a.b.example", "DNS:*.b.example", "a.b.example"}};
  for (const Over over : {Over::net, Over::httplib}) {
    for (const Spelling& spelling : spellings) {
      CAPTURE(spelling.written);
      const Call made = call(over, spelling.written, spelling.certificate);
      CHECK(made.answer.has_value());
      CHECK(made.seen.looked_up == std::vector{spelling.used});
      CHECK(made.seen.sni == spelling.used);
      CHECK(made.seen.host == spelling.used);
    }
  }
}

TEST_CASE("an address is not looked up, has no SNI, and is checked as an address") {
  for (const Over over : {Over::net, Over::httplib}) {
    const Call made = call(over, "127.0.0.1", "IP:127.0.0.1");
    CHECK(made.answer.has_value());
    CHECK(made.seen.looked_up.empty());
    CHECK(made.seen.sni.empty());
    CHECK(made.seen.host == "127.0.0.1");
    CHECK_FALSE(call(over, "127.0.0.1", "DNS:127.0.0.1").answer.has_value());
  }
}

TEST_CASE("an IPv6 address is used in its short form, with brackets in Host alone" *
          doctest::skip(!has_ipv6())) {
  for (const Over over : {Over::net, Over::httplib}) {
    for (const std::string written : {"[::1]", "[0:0:0:0:0:0:0:1]", "[0::0001]"}) {
      CAPTURE(written);
      const Call made = call(over, written, "IP:::1", AF_INET6);
      CHECK(made.answer.has_value());
      CHECK(made.seen.looked_up.empty());
      CHECK(made.seen.sni.empty());
      CHECK(made.seen.host == "[::1]");
    }
    CHECK_FALSE(call(over, "[::1]", "IP:::2", AF_INET6).answer.has_value());
  }
}

TEST_CASE("a host that one part could read in another way is refused before any of them") {
  for (const Over over : {Over::net, Over::httplib}) {
    for (const std::string odd :
         {"switch.example.", "127.1", "127.0.0.01", "2130706433", "0x7f000001", "0x7f.0.0.1",
          "127.0.0.1.", "[::1%lo]", "[::1%25lo]", "[fe80::1%1]", "[127.0.0.1]", "::1",
          "m\xC3\xBCnchen.example", "switch.example\xE3\x80\x82", "switch%2eexample",
          "switch..example"}) {
      CAPTURE(odd);
      const Call made = call(over, odd, "DNS:switch.example,IP:127.0.0.1");
      CHECK(code_of(made.answer) == Errc::invalid_argument);
      CHECK(made.seen.looked_up.empty());
      CHECK(made.connections == 0);
    }
  }
}

TEST_CASE("a trusted certificate with another name than the one that was looked up is refused") {
  for (const Over over : {Over::net, Over::httplib}) {
    for (const std::string names : {"DNS:switch.example.org", "DNS:example", "DNS:*.example.org",
                                    "DNS:xswitch.example", "DNS:*.witch.example"}) {
      const Call made = call(over, "switch.example", names);
      CHECK(code_of(made.answer) == Errc::unreachable);
      CHECK(made.seen.looked_up == std::vector<std::string>{"switch.example"});
      CHECK(made.seen.host.empty());
    }
  }
}
