#pragma once

/// \file
/// The transport suite: which connections are kept and reused.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "transport_suite/helpers.hpp"

namespace transport_suite_parts {

inline void keeps_connections(const MakeTransport& make) {
  const auto counters = std::make_shared<vx11::TransportCounters>();
  const auto transport = make({.counters = counters});

  SUBCASE("requests one after the other share a connection") {
    FakeHttpServer server(answer_of("ok"));
    for (int i = 0; i < 20; ++i) CHECK(get(*transport, server.origin()));
    CHECK(send(*transport, post(server.origin(), "b")));
    CHECK(server.connections() == 1);
    CHECK(server.requests().size() == 21);
  }
  SUBCASE("requests side by side have connections of their own") {
    FakeHttpServer server(answer_of("ok"));
    std::atomic<int> answers = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
          for (int k = 0; k < 25; ++k) answers += get(*transport, server.origin()).has_value();
        });
      }
    }
    CHECK(answers == 200);
    CHECK(server.connections() <= 8);
  }
  SUBCASE("a connection that the server announced to close is not used again") {
    FakeHttpServer server(answer_of("ok", "200 OK", "Connection: Keep-Alive, CLOSE\r\n"));
    for (int i = 0; i < 3; ++i) CHECK(get(*transport, server.origin()));
    CHECK(server.connections() == 3);
  }
  SUBCASE("a connection is not used again after an exchange that went wrong") {
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      if (peer.index() == 0) peer.hang();
      peer.send(answer_of("ok"));
      peer.hang();
    }));
    CHECK(code_of(get(*transport, server.origin(), in(100ms))) == Errc::timeout);
    CHECK(get(*transport, server.origin())->body == "ok");
    CHECK(server.connections() == 2);
  }
  SUBCASE("bytes that answer no request are never taken for the next answer") {
    FakeHttpServer server(Script([](Peer& peer) {
      while (!peer.read_request().empty()) {
        peer.send(answer_of("mine") + answer_of("not yours"));
      }
    }));
    for (int i = 0; i < 3; ++i) CHECK(get(*transport, server.origin())->body == "mine");
  }
  SUBCASE("a kept connection that the server has closed is noticed, even for a POST") {
    std::atomic<bool> closed = false;
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      peer.send(answer_of("ok"));
      if (peer.index() == 0) peer.close();
      closed = true;
      closed.notify_all();
      if (peer.index() != 0) peer.hang();
    }));
    CHECK(get(*transport, server.origin()));
    closed.wait(false);
    CHECK(send(*transport, post(server.origin(), "b")));
    CHECK(server.connections() == 2);
  }
  SUBCASE(
      "a request that a kept connection swallowed is sent once more on a new one, also a POST") {
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      peer.send(answer_of("ok"));
      server.next(peer);  // and closes without an answer
    }));
    CHECK(get(*transport, server.origin()));
    CHECK(get(*transport, server.origin()));
    CHECK(server.connections() == 2);
    CHECK(server.requests().size() == 3);
    CHECK(send(*transport, post(server.origin(), "b"))->body == "ok");
    CHECK(server.connections() == 3);
    CHECK(server.requests().size() == 5);
    CHECK(counters->resent == 2);
  }
  SUBCASE("a POST on a kept connection that is reset before an answer is sent once more") {
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      peer.send(answer_of("ok"));
      server.next(peer);
      peer.reset();
    }));
    CHECK(get(*transport, server.origin()));
    CHECK(send(*transport, post(server.origin(), "b"))->body == "ok");
    CHECK(server.connections() == 2);
    CHECK(counters->resent == 1);
  }
  SUBCASE("a POST that the upstream may have begun with is not sent again, a GET is") {
    const auto careful = make({.resend_within = Duration::zero(), .counters = counters});
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      peer.send(answer_of("ok"));
      server.next(peer);
      peer.reset();
    }));
    CHECK(get(*careful, server.origin()));
    CHECK(code_of(send(*careful, post(server.origin(), "b"))) == Errc::unreachable);
    CHECK(counters->resent == 0);
    CHECK(get(*careful, server.origin()));
    CHECK(get(*careful, server.origin()));
    CHECK(counters->resent == 1);
    CHECK(server.requests().size() == 5);
  }
  SUBCASE("a POST on a kept connection that is answered 408 is sent once more") {
    const std::string late = answer_of("late", "408 Request Timeout", "Connection: close\r\n");
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      peer.send(answer_of("ok"));
      server.next(peer);
      peer.send(late);
    }));
    CHECK(get(*transport, server.origin()));
    CHECK(send(*transport, post(server.origin(), "b"))->body == "ok");
    CHECK(server.connections() == 2);
    CHECK(counters->resent == 1);
  }
  SUBCASE("a 408 on a new connection is the answer") {
    FakeHttpServer server(answer_of("late", "408 Request Timeout", "Connection: close\r\n"));
    CHECK(send(*transport, post(server.origin(), "b"))->status == 408);
    CHECK(server.connections() == 1);
    CHECK(counters->resent == 0);
  }
  SUBCASE("a request is sent again only once, and then the failure is reported") {
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      if (peer.index() != 0) return;
      peer.send(answer_of("ok"));
      server.next(peer);
    }));
    CHECK(get(*transport, server.origin()));
    CHECK(code_of(send(*transport, post(server.origin(), "b"))) == Errc::unreachable);
    CHECK(server.requests().size() == 3);
  }
  SUBCASE("a kept connection that breaks after a byte of the answer is not repeated") {
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      peer.send(answer_of("ok"));
      server.next(peer);
      peer.send("HTTP/1.1 2");
    }));
    CHECK(get(*transport, server.origin()));
    CHECK(code_of(send(*transport, post(server.origin(), "b"))) == Errc::invalid_reply);
    CHECK(server.connections() == 1);
    CHECK(counters->resent == 0);
  }
  SUBCASE("a TRACE that a kept connection swallowed is sent once more, too") {
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      peer.send(answer_of("ok"));
      server.next(peer);  // and closes without an answer
    }));
    CHECK(get(*transport, server.origin()));
    CHECK(send(*transport, HttpRequest("TRACE", server.origin(), "/")));
    CHECK(server.requests().size() == 3);
  }
  SUBCASE("what a new connection swallowed is not sent again") {
    FakeHttpServer server(Script([&](Peer& peer) { server.next(peer); }));
    CHECK(code_of(get(*transport, server.origin())) == Errc::unreachable);
    CHECK(server.connections() == 1);
  }
}

}  // namespace transport_suite_parts
