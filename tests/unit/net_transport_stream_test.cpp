// Answers that the event-driven transport hands over piece by piece.

#include <vx11/net/transport.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "transport_suite/helpers.hpp"

using namespace transport_suite_parts;
using vx11::make_net_transport;
using vx11::NetTransportOptions;
using vx11::StreamedResponse;
using vx11::StreamingTransport;

namespace {

const std::string kChunkedHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

Result<StreamedResponse> open(StreamingTransport& transport, const std::string& origin,
                              Deadline deadline = in(kSoon)) {
  const HttpRequest request("GET", origin, "/");
  return vx11::sync_wait(transport.open(request, std::move(deadline)));
}

Result<std::string> next(const StreamedResponse& answer, Deadline deadline = in(kSoon)) {
  return vx11::sync_wait(answer.body->next(std::move(deadline)));
}

/// The code of what ends the body, if it is not its end.
std::optional<Errc> code_at_end(const StreamedResponse& answer) {
  for (;;) {
    const auto piece = next(answer);
    if (!piece) return piece.error().code;
    if (piece->empty()) return std::nullopt;
  }
}

}  // namespace

TEST_CASE("the head and every piece are there as soon as they came") {
  std::binary_semaphore go_on(0);
  FakeHttpServer server(Script([&](Peer& peer) {
    while (!peer.read_request().empty()) {
      peer.send(kChunkedHead);
      for (const std::string chunk : {"3\r\none\r\n", "3\r\ntwo\r\n", "0\r\n\r\n"}) {
        go_on.acquire();
        peer.send(chunk);
      }
    }
  }));
  const auto transport = make_net_transport();
  for (int i = 0; i < 2; ++i) {
    const auto answer = open(*transport, server.origin());
    REQUIRE(answer);
    CHECK(answer->head.headers.get("Content-Type") == "text/event-stream");
    CHECK(answer->head.body.empty());
    for (const std::string piece : {"one", "two", ""}) {
      go_on.release();
      CHECK(next(*answer).value() == piece);
    }
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a stall between two pieces is a timeout") {
  FakeHttpServer server(Script([](Peer& peer) {
    peer.read_request();
    peer.send(kChunkedHead + "3\r\none\r\n");
    peer.hang();
  }));
  const auto stalls = [&](const NetTransportOptions& options, Deadline deadline) {
    const auto transport = make_net_transport(options);
    const auto answer = open(*transport, server.origin());
    REQUIRE(answer);
    CHECK(next(*answer).value() == "one");
    const auto piece = next(*answer, std::move(deadline));
    REQUIRE_FALSE(piece);
    CHECK(piece.error().code == Errc::timeout);
  };
  NetTransportOptions options;
  SUBCASE("by the transport's own limit") {
    options.between_chunks_timeout = 100ms;
    stalls(options, in(kSoon * 6));
  }
  SUBCASE("by the deadline of that piece") {
    stalls(options, in(100ms));
  }
}

TEST_CASE("a slow reader between two pieces is not taken for a stalled upstream") {
  std::binary_semaphore go_on(0);
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    peer.send(kChunkedHead + "3\r\none\r\n");
    go_on.acquire();
    peer.send("3\r\ntwo\r\n");
    peer.hang();
  }));
  NetTransportOptions options;
  options.between_chunks_timeout = 100ms;
  const auto transport = make_net_transport(options);
  const auto answer = open(*transport, server.origin());
  REQUIRE(answer);
  CHECK(next(*answer).value() == "one");
  go_on.release();
  // Another stream, begun later, reaches the limit: by then it has passed for this one, too.
  FakeHttpServer stalling(Script([](Peer& peer) {
    peer.read_request();
    peer.send(kChunkedHead);
    peer.hang();
  }));
  const auto stalled = open(*transport, stalling.origin());
  REQUIRE(stalled);
  CHECK(next(*stalled).error().code == Errc::timeout);
  const auto piece = next(*answer);
  REQUIRE(piece);
  CHECK(*piece == "two");
}

TEST_CASE("a stream that is dropped before its end closes its connection") {
  std::atomic<bool> left = false;
  {
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      peer.send(kChunkedHead + "3\r\none\r\n");
      peer.hang();
      left = true;
    }));
    const auto transport = make_net_transport();
    auto answer = open(*transport, server.origin());
    REQUIRE(answer);
    CHECK(next(*answer).value() == "one");
    answer->body.reset();
    while (!left) std::this_thread::yield();
  }
  CHECK(left);
}

TEST_CASE("a call cancelled while it waits for a piece ends, and the server sees it") {
  std::stop_source stop;
  std::binary_semaphore left(0);
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    peer.send(kChunkedHead + "3\r\none\r\n");
    peer.hang();
    left.release();
  }));
  const auto transport = make_net_transport();
  const Deadline until_gone(vx11::TimePoint::max(), stop.get_token());
  const auto answer = open(*transport, server.origin(), until_gone);
  REQUIRE(answer);
  CHECK(next(*answer, until_gone).value() == "one");
  const std::jthread leaver([&] { stop.request_stop(); });
  const auto piece = next(*answer, until_gone);
  REQUIRE_FALSE(piece);
  CHECK(piece.error().code == Errc::cancelled);
  left.acquire();
}

TEST_CASE("a stream that is cut short does not end well") {
  const auto transport = make_net_transport();
  for (const std::string rest :
       {"", "3", "3\r\n", "3\r\non", "3\r\none\r\n", "3\r\none\r\n0\r\n", "zz\r\n"}) {
    CAPTURE(rest);
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      peer.send(kChunkedHead + rest);
    }));
    const auto answer = open(*transport, server.origin());
    REQUIRE(answer);
    CHECK(code_at_end(*answer) == Errc::invalid_reply);
  }
}

TEST_CASE("a stream that fails before its head is as any other failure") {
  const auto transport = make_net_transport();
  const auto code = [&](const std::string& origin, Deadline deadline = in(kSoon)) {
    const auto answer = open(*transport, origin, std::move(deadline));
    return answer ? std::nullopt : std::optional(answer.error().code);
  };
  const fake_http_server::LocalSocket nobody;
  CHECK(code(nobody.origin()) == Errc::unreachable);
  FakeHttpServer hangs(Script([](Peer& peer) { peer.hang(); }));
  CHECK(code(hangs.origin(), in(100ms)) == Errc::timeout);
  FakeHttpServer nonsense("nonsense\r\n\r\n");
  CHECK(code(nonsense.origin()) == Errc::invalid_reply);
  CHECK(code("ftp://127.0.0.1") == Errc::invalid_argument);
}

TEST_CASE("the cap on a body is for what is held at once, not for a whole stream") {
  constexpr int kPieces = 50;
  std::counting_semaphore<kPieces> go_on(0);
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    peer.send(kChunkedHead);
    for (int i = 0; i < kPieces; ++i) {
      go_on.acquire();
      peer.send("64\r\n" + std::string(100, 'x') + "\r\n");
    }
    peer.send("0\r\n\r\n");
  }));
  NetTransportOptions options;
  options.max_body_bytes = 1000;
  const auto transport = make_net_transport(options);
  const auto answer = open(*transport, server.origin());
  REQUIRE(answer);
  std::size_t bytes = 0;
  for (int i = 0; i < kPieces; ++i) {
    go_on.release();
    while (bytes < 100U * (i + 1)) bytes += next(*answer).value().size();
  }
  CHECK(bytes == 100 * kPieces);
  CHECK(next(*answer).value().empty());
}
