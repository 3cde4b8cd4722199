#pragma once

/// \file
/// A gateway client for benchmarks: one connection, sequential requests; and how a crowd of them runs.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace crowd {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using asio::awaitable;
using asio::use_awaitable;

/// Address and credentials.
struct Target {
  Tcp::endpoint endpoint = {};
  std::string path = {};
  std::string token = {};
  std::string body = {};

  std::string get(std::string_view target) const { return line("GET", target) + "\r\n"; }
  std::string post(const std::string& content, std::string_view accept) const {
    return line("POST", path) + "Content-Type: application/json\r\nAccept: " + std::string(accept) +
           "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
  }
  std::string chat() const { return post(body, "application/json"); }
  std::string stream() const { return post(body, "text/event-stream"); }
  /// A request line and the common header fields.
  std::string line(std::string_view method, std::string_view target) const {
    return std::string(method) + " " + std::string(target) +
           " HTTP/1.1\r\nHost: localhost\r\nx-vx11-token: " + token + "\r\n";
  }
};

/// One connection. Closes with a reset, so that ten thousand of them leave no ports in TIME_WAIT.
class Connection {
 public:
  explicit Connection(const asio::any_io_executor& executor) : socket_(executor) {}

  /// `buffer`: socket buffer size in bytes in each direction; 0: the system's default.
  awaitable<void> open(const Tcp::endpoint& endpoint, int buffer = 0) {
    socket_.open(endpoint.protocol());
    socket_.set_option(asio::socket_base::linger(true, 0));
    if (buffer != 0) {
      socket_.set_option(asio::socket_base::receive_buffer_size(buffer));
      socket_.set_option(asio::socket_base::send_buffer_size(buffer));
    }
    co_await socket_.async_connect(endpoint, use_awaitable);
    socket_.set_option(Tcp::no_delay(true));
  }
  awaitable<void> send(std::string_view bytes) {
    co_await asio::async_write(socket_, asio::buffer(bytes), use_awaitable);
  }
  /// Reads the head of the next response.
  /// \return its status
  awaitable<int> read_head() {
    const std::size_t size = co_await asio::async_read_until(socket_, asio::dynamic_buffer(text_),
                                                             "\r\n\r\n", use_awaitable);
    head_ = text_.substr(0, size);
    text_.erase(0, size);
    co_return std::atoi(head_.c_str() + std::string_view("HTTP/1.1 ").size());
  }
  /// Reads the next complete response by its Content-Length.
  /// \return its status
  awaitable<int> read_answer() {
    const int status = co_await read_head();
    const std::size_t at = head_.find("Content-Length: ");
    if (at == std::string::npos) throw std::runtime_error("an answer without a length");
    const std::size_t size = std::strtoul(head_.c_str() + at + 16, nullptr, 10);
    while (text_.size() < size) co_await read_some();
    text_.erase(0, size);
    co_return status;
  }
  /// Waits for more bytes and appends them to `text()`.
  awaitable<void> read_some() {
    char bytes[16 * 1024];
    const std::size_t size = co_await socket_.async_read_some(asio::buffer(bytes), use_awaitable);
    text_.append(bytes, size);
  }
  const std::string& text() const noexcept { return text_; }
  /// The same, to be removed once it was read.
  std::string& unread() noexcept { return text_; }
  bool is_chunked() const noexcept { return head_.find("chunked") != std::string::npos; }

 private:
  Tcp::socket socket_;
  std::string head_ = {};
  std::string text_ = {};
};

/// Runs the loop until `last` has ended.
template <class Start>
void run_until(asio::io_context& io, Start&& last) {
  std::exception_ptr failure;
  asio::co_spawn(io, std::forward<Start>(last), [&](const std::exception_ptr& error) {
    failure = error;
    io.stop();
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
}

/// `run`; an exception is printed.
inline int run_or_explain(int (*run)(int, char**), int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

}  // namespace crowd
