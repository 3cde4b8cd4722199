// Clients of vx11-operator for operator.sh: live event streams and chats over WebSockets at once, and
// the switch that answers the chats. Each piece of an answer is the time at which the switch sends
// it, so a client sees how long it took; the same chats are asked of the gateway itself, and the
// difference is what the backend adds.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "crowd_client.hpp"

namespace operator_crowd {

using namespace crowd;
using namespace std::chrono_literals;

struct Options {
  std::string gateway = {};  ///< HOST:PORT
  std::string backend = {};  ///< HOST:PORT
  std::string token = "benchmark-token";
  int pid = 0;  ///< Of the backend.
  int switch_port = 0;
  int streams = 1000;
  int sockets = 500;
  int direct = 100;         ///< Chats that are asked of the gateway itself.
  int pieces = 50;          ///< Of each answer.
  int gap_ms = 100;         ///< Between two pieces.
  int event_gap_ms = 1000;  ///< Between two events.
};

std::int64_t now_micros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
      .count();
}

/// Times in microseconds.
class Delays {
 public:
  void add_sent_at(std::string_view text) {
    all_.push_back(now_micros() - std::strtoll(std::string(text).c_str(), nullptr, 10));
  }
  std::size_t size() const { return all_.size(); }
  double ms(double share) {
    if (all_.empty()) return -1;
    std::sort(all_.begin(), all_.end());
    const auto last = static_cast<double>(all_.size() - 1);
    return static_cast<double>(all_[static_cast<std::size_t>(share * last)]) / 1000;
  }

 private:
  std::vector<std::int64_t> all_ = {};
};

struct Figures {
  Delays direct = {};  ///< Pieces from the switch through the gateway.
  Delays bridge = {};  ///< The same through the backend.
  Delays events = {};  ///< Events, from before they are sent to the backend.
  int open_streams = 0;
  int open_sockets = 0;
  int ended_chats = 0;
  int errors = 0;
  bool is_over = false;

  void fail(std::string_view what) {
    if (errors++ < 5) std::cerr << what << '\n';
  }
};

Tcp::endpoint endpoint_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  return Tcp::endpoint(asio::ip::make_address(address.substr(0, colon)),
                       static_cast<unsigned short>(std::stoul(address.substr(colon + 1))));
}

long resident_kib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  throw std::runtime_error("no such process: " + std::to_string(pid));
}

awaitable<void> pause(Clock::duration time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(use_awaitable);
}

/// The texts between `before` and the next quote, in all that is complete; removes what was read.
template <class Use>
void each_value(std::string& text, std::string_view before, Use use) {
  std::size_t read = 0;
  for (std::size_t at = 0; (at = text.find(before, read)) != std::string::npos;) {
    const std::size_t from = at + before.size();
    const std::size_t end = text.find('"', from);
    if (end == std::string::npos) break;
    use(std::string_view(text).substr(from, end - from));
    read = end;
  }
  if (read == 0 && text.size() > 64 * 1024) read = text.size() - 1024;
  text.erase(0, read);
}

// --- the switch ----------------------------------------------------------------------------------

std::string chunk(const std::string& text) {
  return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

awaitable<void> answer(Tcp::socket& socket, const Options& options) {
  std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(head), use_awaitable);
  asio::steady_timer timer(co_await asio::this_coro::executor, Clock::now());
  for (int i = 0; i < options.pieces; ++i) {
    const std::string piece =
        chunk(fmt::format("event: message\ndata: {{\"delta\":\"{}\"}}\n\n", now_micros()));
    co_await asio::async_write(socket, asio::buffer(piece), use_awaitable);
    timer.expires_at(timer.expiry() + std::chrono::milliseconds(options.gap_ms));
    co_await timer.async_wait(use_awaitable);
  }
  const std::string end = chunk("event: done\ndata: {}\n\n") + "0\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(end), use_awaitable);
}

awaitable<void> serve(Tcp::socket socket, const Options& options) {
  std::string text;
  try {
    for (;;) {
      const std::size_t head = co_await asio::async_read_until(socket, asio::dynamic_buffer(text),
                                                               "\r\n\r\n", use_awaitable);
      const std::size_t at = text.find("Content-Length: ");
      const std::size_t body = at < head ? std::strtoul(text.c_str() + at + 16, nullptr, 10) : 0;
      while (text.size() < head + body) {
        char bytes[4096];
        const std::size_t size =
            co_await socket.async_read_some(asio::buffer(bytes), use_awaitable);
        text.append(bytes, size);
      }
      text.erase(0, head + body);
      co_await answer(socket, options);
    }
  } catch (const boost::system::system_error&) {
    // The gateway has closed its connection.
  }
}

awaitable<void> be_switch(Tcp::acceptor& acceptor, const Options& options) {
  for (;;) {
    Tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    socket.set_option(Tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), options), asio::detached);
  }
}

// --- clients -------------------------------------------------------------------------------------

std::string head_of(const Options& options, std::string_view line, std::string_view more) {
  return fmt::format("{} HTTP/1.1\r\nHost: localhost\r\nx-vx11-token: {}\r\n{}\r\n", line,
                     options.token, more);
}

std::string post(const Options& options, std::string_view path, std::string_view accept,
                 const std::string& body) {
  return head_of(
             options, fmt::format("POST {}", path),
             fmt::format("Content-Type: application/json\r\nAccept: {}\r\nContent-Length: {}\r\n",
                         accept, body.size())) +
         body;
}

/// One event stream of the backend, until the end of the run.
awaitable<void> event_stream(const Options& options, Figures& figures) {
  try {
    Connection connection(co_await asio::this_coro::executor);
    co_await connection.open(endpoint_of(options.backend));
    co_await connection.send(
        head_of(options, "GET /operator/api/events/stream", "Accept: text/event-stream\r\n"));
    const int status = co_await connection.read_head();
    if (status != 200) throw std::runtime_error(fmt::format("no event stream but {}", status));
    ++figures.open_streams;
    while (!figures.is_over) {
      co_await connection.read_some();
      each_value(connection.unread(), "\"sent\":\"",
                 [&](std::string_view sent) { figures.events.add_sent_at(sent); });
    }
  } catch (const std::exception& error) {
    if (!figures.is_over) figures.fail(error.what());
  }
}

/// A frame of a client. The mask of zeros is a mask.
std::string frame(std::uint8_t opcode, const std::string& data) {
  std::string out{static_cast<char>(0x80U | opcode), static_cast<char>(0x80U | data.size())};
  return out.append(4, '\0').append(data);
}

/// Pings are answered; they are rare.
awaitable<void> answer_ping(Connection& connection) {
  const std::string ping("\x89\x00", 2);
  const std::size_t at = connection.unread().find(ping);
  if (at == std::string::npos) co_return;
  connection.unread().erase(at, ping.size());
  co_await connection.send(frame(10, ""));
}

/// One WebSocket: opened at once, asked when `begin` is due, read until its chat is done.
awaitable<void> bridge_chat(const Options& options, int number, Clock::duration delay,
                            asio::steady_timer& begin, Figures& figures) {
  try {
    Connection connection(co_await asio::this_coro::executor);
    co_await connection.open(endpoint_of(options.backend));
    co_await connection.send(head_of(
        options, "GET /operator/ws",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: vx11.v1\r\n"));
    const int status = co_await connection.read_head();
    if (status != 101) throw std::runtime_error(fmt::format("no WebSocket but {}", status));
    ++figures.open_sockets;
    boost::system::error_code cancelled;
    co_await begin.async_wait(asio::redirect_error(use_awaitable, cancelled));
    co_await pause(delay);
    co_await connection.send(
        frame(1, fmt::format(R"({{"type":"chat","id":"1","message":"{}","session_id":"b-{}"}})",
                             "How are you today?", number)));
    bool is_done = false;
    while (!is_done) {
      co_await connection.read_some();
      co_await answer_ping(connection);
      is_done = connection.unread().find("\"type\":\"done\"") != std::string::npos;
      each_value(connection.unread(), "\"text\":\"",
                 [&](std::string_view sent) { figures.bridge.add_sent_at(sent); });
      if (connection.unread().find("\"type\":\"error\"") != std::string::npos) {
        throw std::runtime_error(connection.unread());
      }
    }
  } catch (const std::exception& error) {
    figures.fail(error.what());
  }
  ++figures.ended_chats;
}

/// The same chat, asked of the gateway itself.
awaitable<void> direct_chat(const Options& options, int number, Clock::duration delay,
                            asio::steady_timer& begin, Figures& figures) {
  try {
    boost::system::error_code cancelled;
    co_await begin.async_wait(asio::redirect_error(use_awaitable, cancelled));
    co_await pause(delay);
    Connection connection(co_await asio::this_coro::executor);
    co_await connection.open(endpoint_of(options.gateway));
    co_await connection.send(
        post(options, "/operator/chat/ask", "text/event-stream",
             fmt::format(R"({{"message":"How are you today?","session_id":"d-{}"}})", number)));
    const int status = co_await connection.read_head();
    if (status != 200) throw std::runtime_error(fmt::format("no answer but {}", status));
    for (;;) {  // the first piece has come with the head
      const bool is_done = connection.unread().find("event: done\n") != std::string::npos;
      each_value(connection.unread(), "\"delta\":\"",
                 [&](std::string_view sent) { figures.direct.add_sent_at(sent); });
      if (is_done) break;
      co_await connection.read_some();
    }
  } catch (const std::exception& error) {
    figures.fail(error.what());
  }
  ++figures.ended_chats;
}

awaitable<void> send_event(Connection& connection, const Options& options) {
  const std::string body = fmt::format(
      R"({{"source":"benchmark","type":"benchmark.tick","severity":"info","payload":{{"sent":"{}"}}}})",
      now_micros());
  co_await connection.send(post(options, "/operator/api/events/ingest", "application/json", body));
  const int status = co_await connection.read_answer();
  if (status != 200) throw std::runtime_error(fmt::format("no event stored but {}", status));
}

template <class Holds>
awaitable<void> wait_until(Holds holds, const char* what) {
  for (int i = 0; !holds(); ++i) {
    if (i == 1200) throw std::runtime_error(fmt::format("{} do not come", what));
    co_await pause(50ms);
  }
}

awaitable<void> measure(const Options& options, Figures& figures) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer begin(executor, Clock::time_point::max());
  const auto spread = [&](int number, int count) {
    return std::chrono::microseconds(1000LL * options.gap_ms * number / std::max(count, 1));
  };
  Connection ingest(executor);
  co_await ingest.open(endpoint_of(options.backend));
  co_await send_event(ingest, options);  // the backend has done everything once
  co_await pause(1500ms);
  const long idle = resident_kib(options.pid);
  for (int i = 0; i < options.streams; ++i) {
    asio::co_spawn(executor, event_stream(options, figures), asio::detached);
    if (i % 100 == 99)
      co_await wait_until([&] { return figures.open_streams + figures.errors > i; },
                          "event streams");
  }
  co_await wait_until([&] { return figures.open_streams >= options.streams; }, "event streams");
  const long with_streams = resident_kib(options.pid);
  for (int i = 0; i < options.sockets; ++i) {
    asio::co_spawn(executor, bridge_chat(options, i, spread(i, options.sockets), begin, figures),
                   asio::detached);
  }
  co_await wait_until([&] { return figures.open_sockets >= options.sockets; }, "WebSockets");
  const long with_sockets = resident_kib(options.pid);
  for (int i = 0; i < options.direct; ++i) {
    asio::co_spawn(executor, direct_chat(options, i, spread(i, options.direct), begin, figures),
                   asio::detached);
  }
  co_await pause(100ms);
  begin.cancel();
  long busy = 0;
  while (figures.ended_chats < options.sockets + options.direct) {
    co_await send_event(ingest, options);
    co_await pause(std::chrono::milliseconds(options.event_gap_ms));
    busy = std::max(busy, resident_kib(options.pid));
  }
  figures.is_over = true;
  const auto each = [](long kib, int count) {
    return count == 0 ? 0.0 : static_cast<double>(kib) / count;
  };
  fmt::print(
      "direct_p50={:.2f} direct_p99={:.2f} bridge_p50={:.2f} bridge_p99={:.2f} added_p50={:.2f} "
      "added_p99={:.2f} events_p50={:.2f} events_p99={:.2f} pieces={} events={}\n",
      figures.direct.ms(0.5), figures.direct.ms(0.99), figures.bridge.ms(0.5),
      figures.bridge.ms(0.99), figures.bridge.ms(0.5) - figures.direct.ms(0.5),
      figures.bridge.ms(0.99) - figures.direct.ms(0.99), figures.events.ms(0.5),
      figures.events.ms(0.99), figures.bridge.size(), figures.events.size());
  fmt::print(
      "idle_kib={} stream_kib={:.1f} socket_kib={:.1f} chat_kib={:.1f} all_kib={:.1f} errors={}\n",
      idle, each(with_streams - idle, options.streams),
      each(with_sockets - with_streams, options.sockets),
      each(busy - with_streams, options.sockets),
      each(busy - idle, options.streams + options.sockets), figures.errors);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Event streams and WebSocket chats of vx11-operator at once."};
  app.add_option("--gateway", options.gateway, "HOST:PORT of the gateway")->required();
  app.add_option("--backend", options.backend, "HOST:PORT of the backend")->required();
  app.add_option("--pid", options.pid, "process of the backend")->required();
  app.add_option("--switch-port", options.switch_port, "where the switch listens")->required();
  app.add_option("--token", options.token)->capture_default_str();
  app.add_option("--streams", options.streams)->capture_default_str();
  app.add_option("--sockets", options.sockets)->capture_default_str();
  app.add_option("--direct", options.direct)->capture_default_str();
  app.add_option("--pieces", options.pieces)->capture_default_str();
  app.add_option("--gap-ms", options.gap_ms)->capture_default_str();
  app.add_option("--event-gap-ms", options.event_gap_ms)->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  asio::io_context io(1);
  Tcp::acceptor acceptor(io, Tcp::endpoint(asio::ip::address_v4::loopback(),
                                           static_cast<unsigned short>(options.switch_port)));
  acceptor.listen(4096);
  asio::co_spawn(io, be_switch(acceptor, options), asio::detached);
  Figures figures;
  crowd::run_until(io, measure(options, figures));
  return figures.errors == 0 ? 0 : 1;
}

}  // namespace operator_crowd

int main(int argc, char** argv) {
  return crowd::run_or_explain(operator_crowd::run, argc, argv);
}
