#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>

#include "faults.hpp"
#include "http.hpp"
#include "net.hpp"
#include "open_sockets.hpp"
#include "site.hpp"

namespace upstream {

/// One connection: reads requests, sends responses and faults. Runs on one event loop.
///
/// Every step returns whether the connection continues with the next request. The result is stored
/// in a variable before it is tested: g++ 12 miscompiles a co_await in the condition of an if,
/// while or switch whose body leaves by co_return or break.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, Site& site);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Serves until either side closes the connection.
  static Coro<void> run(std::shared_ptr<Session> self);

 private:
  // session.cpp: without faults
  Coro<bool> read_request();
  Coro<bool> read_more();
  Coro<bool> respond();
  Coro<bool> deliver();
  Coro<void> call_switch();
  Coro<bool> deliver_body();
  bool is_released(std::size_t event) const noexcept;
  Coro<bool> released(std::size_t event);
  Coro<bool> deliver_events(std::size_t count);
  /// How much of `outbox_`.
  enum class Sent { all, part, failed };
  Sent send_now();
  Coro<bool> send_outbox();
  Coro<bool> pause(std::chrono::milliseconds time);
  void watch_peer();
  bool peer_is_gone();
  bool client_left();
  void close();

  // session_faults.cpp: with a fault set through the control port
  bool struck();
  Coro<bool> show_fault();
  Coro<bool> show_on_real_answer();
  Coro<bool> hang();
  Coro<bool> trickle();
  Coro<bool> truncate();
  Coro<bool> misstate_length();
  Coro<bool> pour(std::string start, std::string endless);
  Coro<bool> spoil_stream();
  Coro<bool> end_early(std::string last);
  Coro<bool> repeat_event();
  void reset();

  Socket socket_;
  Site& site_;
  OpenSockets::Entry entry_;
  Timer timer_;
  boost::beast::flat_buffer inbox_;
  std::string outbox_;
  Request request_;
  Reply reply_;
  Fault fault_;  // a member, so that coroutines need not pass it on
  bool peer_left_ = false;
};

}  // namespace upstream
