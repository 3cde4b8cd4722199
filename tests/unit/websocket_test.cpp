// Sessions over WebSockets: their ends, threads, slow and silent clients.
#include <vx11/net/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventually.hpp"
#include "websocket_server.hpp"

using namespace websocket_server;

namespace {

/// Owns the flag: the session ends after the test case, which would have it on its stack.
Task<void> receive_later(Socket socket, std::shared_ptr<const std::atomic<bool>> may_receive,
                         std::shared_ptr<vx11::Timer> timer) {
  while (!*may_receive) {
    Task<bool> sleeping = timer->sleep(1ms, {});
    co_await std::move(sleeping);
  }
  Task<void> echoing = echo(std::move(socket));
  co_await std::move(echoing);
}

Task<void> receive_one(Socket socket) {
  Task<std::optional<vx11::WebSocketMessage>> receiving = socket->receive();
  co_await std::move(receiving);
}

Task<void> close_with(Socket socket, std::uint16_t code) {
  socket->close(code);
  co_return;
}

}  // namespace

TEST_CASE_FIXTURE(SocketServer, "the session sees how the client closed") {
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  CHECK_FALSE(kept->closed());
  client.send(close_frame(4001, "done"));
  CHECK(eventually([&] { return kept->closed().has_value(); }));
  CHECK(kept->closed()->code == 4001);
  CHECK(kept->closed()->reason == "done");
  CHECK(kept->ended().stop_requested());
  CHECK_FALSE(kept->send("late"));
}

TEST_CASE_FIXTURE(SocketServer, "a lost connection ends the session with 1006") {
  keep_socket();
  auto client = std::make_unique<RawHttpClient>(open());
  const Socket kept = socket();
  SUBCASE("reset") {
    client->reset_on_close();
    client.reset();
  }
  SUBCASE("without a close") {
    client.reset();
  }
  CHECK(eventually([&] { return kept->closed().has_value(); }));
  CHECK(kept->closed()->code == 1006);
}

TEST_CASE_FIXTURE(SocketServer, "the end of the session closes with 1000, an exception with 1011") {
  session = [](Socket socket) -> Task<void> {
    socket->send("last");
    co_return;
  };
  {
    RawHttpClient client = open();
    CHECK(read_frame(client).data == "last");
    CHECK(read_frame(client).code() == 1000);
    client.send(close_frame(1000));
    CHECK(client.is_ended());
  }
  session = [](Socket) -> Task<void> { throw std::runtime_error("defect"); };
  RawHttpClient client = open();
  CHECK(read_frame(client).code() == 1011);
}

TEST_CASE_FIXTURE(SocketServer, "a client that does not answer a close is cut off") {
  options.close_timeout = 50ms;
  session = [](Socket) -> Task<void> { co_return; };
  RawHttpClient client = open();
  CHECK(read_frame(client).code() == 1000);
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(SocketServer, "other threads may send and close while the client sends") {
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  constexpr int kEach = 500;
  std::vector<std::thread> senders;
  for (int t = 0; t < 4; ++t) {
    senders.emplace_back([kept] {
      for (int i = 0; i < kEach; ++i) kept->send("piece");
    });
  }
  std::thread talking([&client] {
    for (int i = 0; i < 4 * kEach; ++i) client.send(frame(Opcode::text, "x"));
  });
  for (int i = 0; i < 4 * kEach; ++i) CHECK(read_frame(client).data == "piece");
  for (std::thread& sender : senders) sender.join();
  talking.join();
  std::thread([kept] { kept->close(4000, "enough"); }).join();
  const Frame last = read_frame(client);
  CHECK(last.code() == 4000);
  CHECK(last.data.substr(2) == "enough");
}

// ThreadSanitizer sees it if that touches the loop.
TEST_CASE_FIXTURE(SocketServer, "another thread may drop the last reference to a WebSocket") {
  keep_socket();
  for (int i = 0; i < 20; ++i) {
    opened = std::promise<Socket>();
    RawHttpClient client = open();
    Socket kept = socket();
    RawHttpClient other = connect();  // the loop arms timers meanwhile
    client.send(close_frame(1000));
    CHECK(eventually([&] { return kept->closed().has_value(); }));
    CHECK(client.read_all().size() == 4);
    std::thread dropping([last = std::move(kept)]() mutable { last.reset(); });
    CHECK(other.send(getting("/livez")));
    CHECK(other.read_answer().status == 200);
    dropping.join();
  }
}

TEST_CASE("a WebSocket that is kept outlives its connection and its server") {
  Socket kept;
  {
    SocketServer server;
    server.keep_socket();
    RawHttpClient client = server.open();
    kept = server.socket();
    client.send(close_frame(1000));
    CHECK(eventually([&] { return kept->closed().has_value(); }));
  }
  CHECK(kept->closed()->code == 1000);
  CHECK_FALSE(kept->send("late"));
  kept->close(1000);
  CHECK(kept->unsent_bytes() == 0);
}

TEST_CASE_FIXTURE(SocketServer, "a close waits until the session has seen what came before it") {
  const auto may_receive = std::make_shared<std::atomic<bool>>(false);
  session = [may_receive](Socket socket) -> Task<void> {
    return receive_later(std::move(socket), may_receive, vx11::make_net_timer());
  };
  RawHttpClient client = open();
  client.send(frame(Opcode::text, "1") + frame(Opcode::text, "2") + close_frame(1000));
  SUBCASE("while the client keeps its side open") {}
  SUBCASE("while the client sends no more") {
    client.end_sending();
  }
  *may_receive = true;
  CHECK(read_frame(client).data == "1");
  CHECK(read_frame(client).data == "2");
  CHECK(read_frame(client).code() == 1000);
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(SocketServer, "a session that does not look cannot hold a close up for ever") {
  options.close_timeout = 50ms;
  const auto may_receive = std::make_shared<std::atomic<bool>>(false);
  session = [may_receive](Socket socket) -> Task<void> {
    return receive_later(std::move(socket), may_receive, vx11::make_net_timer());
  };
  RawHttpClient client = open();
  client.send(frame(Opcode::text, "1") + close_frame(1000));
  CHECK(client.is_ended());
  *may_receive = true;
}

TEST_CASE_FIXTURE(SocketServer, "a session that ends with messages unread still closes properly") {
  session = [](Socket socket) -> Task<void> { return receive_one(std::move(socket)); };
  RawHttpClient client = open();
  for (int i = 0; i < 100; ++i) client.send(frame(Opcode::text, "x"));
  CHECK(read_frame(client).code() == 1000);
  client.send(close_frame(1000));
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(SocketServer, "codes that may not be sent are replaced") {
  for (const std::uint16_t code : {0, 999, 1004, 1006, 1015, 2999, 5000}) {
    session = [code](Socket socket) -> Task<void> { return close_with(std::move(socket), code); };
    RawHttpClient client = open();
    CHECK(read_frame(client).code() == 1011);
  }
}

TEST_CASE_FIXTURE(SocketServer, "what waits for a slow client is bounded, and all of it arrives") {
  options.max_unsent_bytes = 100'000;
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  const std::string piece(1000, 'x');
  int queued = 0;
  while (kept->send(piece)) ++queued;  // what the sockets hold, and what may wait
  CHECK(kept->unsent_bytes() <= options.max_unsent_bytes);
  kept->close(1008, "lagging");
  for (int i = 0; i < queued; ++i) CHECK(read_frame(client).data == piece);
  CHECK(read_frame(client).code() == 1008);
}

TEST_CASE_FIXTURE(SocketServer,
                  "a session that does not receive stops its client, nothing is lost") {
  const auto may_receive = std::make_shared<std::atomic<bool>>(false);
  session = [may_receive](Socket socket) -> Task<void> {
    return receive_later(std::move(socket), may_receive, vx11::make_net_timer());
  };
  RawHttpClient client = open();
  constexpr int kMessages = 1500;
  const std::string message(20'000, 'x');  // together more than the sockets hold
  std::thread talking([&] {
    for (int i = 0; i < kMessages; ++i) {
      client.send(frame(Opcode::text, message));
      if (i == 10) client.send(frame(Opcode::ping, "read?"));
    }
  });
  // A ping is answered when it is read: by a server that reads on, before the first echo.
  Served::ask(getting("/health"));
  *may_receive = true;
  int pongs_before = 0;
  int arrived = 0;
  while (arrived < kMessages) {
    const Frame next = read_frame(client);
    if (next.opcode == Opcode::pong) {
      pongs_before = arrived;
      continue;
    }
    REQUIRE(next.data == message);
    ++arrived;
  }
  CHECK(pongs_before >= 2);  // of eleven messages before it at most nine could wait
  talking.join();
}

TEST_CASE_FIXTURE(SocketServer, "a silent client that answers pings is kept") {
  options.ping_interval = 1s;
  keep_socket();
  RawHttpClient client = open();
  for (int i = 0; i < 3; ++i) {
    const Frame asked = read_frame(client);
    CHECK(asked.opcode == Opcode::ping);
    client.send(frame(Opcode::pong, asked.data));
  }
  CHECK_FALSE(socket()->closed());
}

TEST_CASE_FIXTURE(SocketServer, "a client that does not answer pings is cut off") {
  options.ping_interval = 20ms;
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  while (read_frame(client).opcode == Opcode::ping) {
  }
  CHECK(client.is_ended());
  CHECK(eventually([&] { return kept->closed().has_value(); }));
  CHECK(kept->closed()->code == 1006);
}

TEST_CASE_FIXTURE(SocketServer, "a server that stops closes with 1001 and waits for the client") {
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  server->stop(10s);
  CHECK(read_frame(client).code() == 1001);
  client.send(close_frame(1001));
  CHECK(client.is_ended());
  CHECK(running->get() == 0);
}

TEST_CASE_FIXTURE(SocketServer, "slow handshakes and many sockets do not disturb each other") {
  std::vector<std::unique_ptr<RawHttpClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawHttpClient>(open()));
    slow.back()->send(frame(Opcode::text, "half", Form{.announced = 100}));
  }
  RawHttpClient client = open();
  for (int i = 0; i < 100; ++i) {
    client.send(frame(Opcode::text, "quick"));
    CHECK(read_frame(client).data == "quick");
  }
}
