// The event-driven server and transport set TCP_NODELAY: without it an answer in two writes waits
// for the peer's delayed acknowledgement.

#include <vx11/net/transport.hpp>

#include <filesystem>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "fake_http_server.hpp"
#include "net_served.hpp"

using namespace net_served;
using fake_http_server::FakeHttpServer;
using fake_http_server::Peer;
using fake_http_server::Script;

namespace {

int port_from(int (*name_of)(int, sockaddr*, socklen_t*), int fd) {
  sockaddr_in name = {};
  socklen_t size = sizeof name;
  if (name_of(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  return name.sin_family == AF_INET ? ntohs(name.sin_port) : 0;
}
int own_port(int fd) {
  return port_from([](int f, sockaddr* n, socklen_t* s) { return ::getsockname(f, n, s); }, fd);
}
int peer_port(int fd) {
  return port_from([](int f, sockaddr* n, socklen_t* s) { return ::getpeername(f, n, s); }, fd);
}

bool has_no_delay(int fd) {
  int on = 0;
  socklen_t size = sizeof on;
  REQUIRE(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0);
  return on != 0;
}

/// The connected sockets of this process whose port, as `port_of` says, is this one.
std::set<int> connected(int (*port_of)(int), int port) {
  std::set<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename().string());
    if (port_of(fd) == port && peer_port(fd) != 0) found.insert(fd);
  }
  return found;
}

}  // namespace

TEST_CASE_FIXTURE(Served, "an accepted connection has TCP_NODELAY") {
  RawHttpClient client = connect();
  client.send(getting("/livez", ""));
  REQUIRE(client.read_answer().status == 200);
  const std::set<int> accepted = connected(own_port, server->port());
  REQUIRE(accepted.size() == 1);
  CHECK(has_no_delay(*accepted.begin()));
}

TEST_CASE("a connection to an upstream has TCP_NODELAY") {
  const auto transport = vx11::make_net_transport();
  bool no_delay = false;
  FakeHttpServer upstream(Script([&](Peer& peer) {
    peer.read_request();
    const std::set<int> calling = connected(peer_port, upstream.port());
    no_delay = calling.size() == 1 && has_no_delay(*calling.begin());
    peer.send(fake_http_server::answer_of("ok"));
    peer.hang();
  }));
  const vx11::HttpRequest request("GET", upstream.origin(), "/");
  CHECK(vx11::sync_wait(transport->send(request, {})));
  CHECK(no_delay);
}
