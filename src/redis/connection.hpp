#pragma once

/// \file
/// One connection to a Redis server, on which commands are pipelined. Internal.

#include <vx11/task.hpp>
#include <vx11/url.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/loop/loop.hpp"
#include "net/socket/channel.hpp"
#include "redis/call.hpp"
#include "redis/command.hpp"
#include "redis/reply_reader.hpp"
#include "redis/shared.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

class Connection;

/// What a connection greets its server with and expects of it.
struct Greeting {
  Greeting(Credentials who, std::optional<std::uint32_t> number, bool master, bool sentinel = false)
      : credentials(std::move(who)),
        database(number),
        needs_master(master),
        is_sentinel(sentinel) {}

  Credentials credentials;
  std::optional<std::uint32_t> database;
  /// Whether the server has to be a master. Not in a Cluster, where MOVED says it per key.
  bool needs_master;
  bool is_sentinel;
};

/// Who uses a connection.
class ConnectionUser {
 public:
  /// The greeting is done.
  virtual void connected(Connection& connection) = 0;
  /// The connection has ended by an error. Called once, before the calls on it fail.
  virtual void disconnected(Connection& connection, ErrorKind why) = 0;
  /// A message of a subscription.
  virtual void pushed(const Reply& /*message*/) {}

 protected:
  ~ConnectionUser() = default;
};

/// A connection: made and greeted once, then used by calls in the order of `submit`, whose bytes
/// leave in one send per turn of the loop. It ends with its first error; the calls on it fail.
/// After an error line which says that it leads to a wrong server, it takes no more calls, and
/// ends when those on it have been answered.
///
/// A call that ends early leaves its place in the order, so that its replies are dropped. On its
/// loop's thread only.
class Connection final : public std::enable_shared_from_this<Connection>, private CallQueue {
 public:
  Connection(net_detail::Loop& loop, std::shared_ptr<Shared> shared, Url url, Greeting greeting,
             ConnectionUser& user);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects; `user` is called when that has ended.
  void start();
  /// Sends the bytes of `call`, or fails it at once. For its user, between `connected` and
  /// `disconnected`.
  void submit(Call& call);
  /// From here on replies may be messages of a subscription.
  void expect_pushes() noexcept { pushes_ = true; }
  /// Ends it from this side: `user` is not called, calls on it fail with `why`.
  void close(ErrorKind why) noexcept;

  /// Whether no call waits for a reply.
  bool is_idle() const noexcept { return places_.empty() && unconfirmed_.empty(); }
  TimePoint ready_since() const noexcept { return ready_since_; }
  const std::string& address() const noexcept { return address_; }

 private:
  /// The place of some replies in the order.
  struct Place {
    enum class Of : std::uint8_t { call, greeting, check, confirmation };
    Place(Of what, std::size_t count, Call* caller = nullptr) noexcept
        : of(what), left(count), call(caller), sent(net_detail::TimerWheel::in({})) {}
    Of of;
    std::size_t left;
    Call* call;  ///< Null: the replies are dropped.
    TimePoint sent;
  };
  /// What a reply of the greeting is to.
  enum class Step : std::uint8_t { authenticate, select, name, role };

  Task<void> drive();
  Task<Result<void>> open();
  std::shared_ptr<net_detail::Channel> channel_over(net_detail::Socket socket,
                                                    TlsSource::Context context);
  bool is_open() const noexcept;
  bool read_some();
  ErrorKind why_closed() const noexcept;

  void take(Reply reply);
  void take_for_call(Reply reply);
  void take_greeting(const Reply& reply);
  void take_confirmation(const Reply& reply);
  ErrorKind welcome_error(Step step, const Reply& reply) const noexcept;
  void note_refusal(const Reply& reply);

  void greet();
  void greet_with(const Command& command, Step step);
  static void idle(void* self);
  void push(Place place);
  void pop_front();
  void end_if_done();
  void limit_front() noexcept;
  void flush_later();
  void flush();
  void ask_for_confirmation();
  void forget(Call& call) noexcept override;

  void retire(ErrorKind why);
  void end(ErrorKind why);
  void fail_calls(ErrorKind why);

  net_detail::Loop& loop_;
  const std::shared_ptr<Shared> shared_;
  const Url url_;
  const Greeting greeting_;
  const std::string address_;
  ConnectionUser* user_;  ///< Null: it takes no more calls.
  std::shared_ptr<net_detail::Channel> channel_ = nullptr;
  ReplyReader reader_;
  std::string out_ = {};  ///< What has not been sent yet.
  std::deque<Place> places_ = {};
  std::uint64_t answered_ = 0;  ///< Places that are no longer there: the number of the first one.
  std::deque<Step> steps_ = {};
  std::vector<Call*> unconfirmed_ = {};  ///< Answered writes whose confirmation is not there yet.
  bool writes_ = false;                  ///< `out_` holds a write without its WAIT.
  bool confirming_ = false;              ///< A WAIT is on its way; what follows waits for it.
  std::size_t to_confirmation_ = 0;      ///< Bytes of `out_` up to the end of that WAIT.
  bool blocked_ = false;                 ///< The socket is full.
  bool ready_ = false;
  bool ended_ = false;
  bool pushes_ = false;
  TimePoint ready_since_ = {};
  TimePoint last_use_ = {};
  net_detail::WheelTimer idle_timer_;
  net_detail::SharedJob<Connection, &Connection::flush> flush_job_;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
