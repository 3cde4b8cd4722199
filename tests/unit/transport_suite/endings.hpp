#pragma once

/// \file
/// The transport suite: deadlines and cancellation.

#include <atomic>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "transport_suite/helpers.hpp"

namespace transport_suite_parts {

inline void fails_in_time(const MakeTransport& make) {
  const auto transport = make({});

  SUBCASE("no listener: unreachable") {
    const fake_http_server::LocalSocket nobody;
    CHECK(code_of(get(*transport, nobody.origin())) == Errc::unreachable);
  }
  SUBCASE("the name does not exist: unreachable") {
    const auto code = code_of(get(*transport, "http://no-such-name.invalid"));
    CHECK((code == Errc::unreachable || code == Errc::timeout));
  }
  SUBCASE("connecting hangs: timeout, by the limit for connecting alone") {
    const fake_http_server::SilentPort port;
    const auto hasty = make({.connect_timeout = 100ms});
    const auto start = SteadyClock().now();
    CHECK(code_of(get(*hasty, port.origin(), {})) == Errc::timeout);
    CHECK(SteadyClock().now() - start < kSoon);
  }
  SUBCASE("hung up without an answer: unreachable") {
    CHECK(code_for(*transport, "") == Errc::unreachable);
    CHECK(code_within(*transport, kSoon, [](Peer& peer) { peer.reset(); }) == Errc::unreachable);
    FakeHttpServer closes_at_once(Script([](Peer&) {}));
    CHECK(code_of(get(*transport, closes_at_once.origin())) == Errc::unreachable);
  }
  SUBCASE("the deadline ends it, whatever the server does") {
    const std::vector<std::pair<std::string, Script>> dawdlers = {
        {"never answers", [](Peer& peer) { peer.hang(); }},
        {"trickles the status line",
         [](Peer& peer) { peer.trickle("HTTP/1.1 200 " + std::string(4000, 'O')); }},
        {"trickles headers",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\n");
           peer.trickle("X: y\r\n");
         }},
        {"stops after the head",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
           peer.hang();
         }},
        {"trickles the body",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
           peer.trickle("b");
         }},
        {"trickles chunks",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
           peer.trickle("1\r\nb\r\n");
         }},
        {"trickles interim answers",
         [](Peer& peer) { peer.trickle("HTTP/1.1 100 Continue\r\n\r\n"); }},
        {"trickles a body without a length", [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\n\r\n");
           peer.trickle("b");
         }}};
    for (const auto& dawdler : dawdlers) {
      CAPTURE(dawdler.first);
      const auto start = SteadyClock().now();
      CHECK(code_within(*transport, 150ms, dawdler.second) == Errc::timeout);
      CHECK(SteadyClock().now() - start < kSoon);
    }
  }
  SUBCASE("the deadline ends a request that the server does not read") {
    FakeHttpServer server(Script([](Peer& peer) { peer.ignore(); }));
    const HttpRequest request = post(server.origin(), std::string(16 << 20, 'b'));
    CHECK(code_of(send(*transport, request, in(150ms))) == Errc::timeout);
  }
  SUBCASE("a deadline that has passed sends nothing") {
    FakeHttpServer server(answer_of(""));
    CHECK(code_of(get(*transport, server.origin(), in(0s))) == Errc::timeout);
    CHECK(server.connections() == 0);
  }
}

inline void stops_when_told(const MakeTransport& make) {
  const auto transport = make({});
  std::stop_source stop;

  SUBCASE("a call cancelled beforehand sends nothing") {
    FakeHttpServer server(answer_of(""));
    stop.request_stop();
    CHECK(code_of(get(*transport, server.origin(), in(kSoon, stop.get_token()))) ==
          Errc::cancelled);
    CHECK(server.connections() == 0);
  }
  SUBCASE("a call cancelled while the server hangs ends, and the server sees it") {
    std::atomic<bool> left = false;
    {
      FakeHttpServer server(Script([&](Peer& peer) {
        peer.read_request();
        stop.request_stop();
        peer.hang();
        left = true;
      }));
      const Deadline never(vx11::TimePoint::max(), stop.get_token());
      CHECK(code_of(get(*transport, server.origin(), never)) == Errc::cancelled);
    }
    CHECK(left);
  }
  SUBCASE("a call cancelled while the server trickles ends") {
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\n");
      stop.request_stop();
      peer.trickle("X: y\r\n");
    }));
    const Deadline never(vx11::TimePoint::max(), stop.get_token());
    CHECK(code_of(get(*transport, server.origin(), never)) == Errc::cancelled);
  }
  SUBCASE("a call cancelled while connecting hangs ends") {
    const fake_http_server::SilentPort port;
    const auto patient = make({.connect_timeout = 60s});
    const std::jthread leaver([&] { stop.request_stop(); });
    const Deadline never(vx11::TimePoint::max(), stop.get_token());
    CHECK(code_of(get(*patient, port.origin(), never)) == Errc::cancelled);
  }
}

}  // namespace transport_suite_parts
