#include "connect.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

namespace vx11::inline v0::asio_detail {

namespace {

using Tcp = boost::asio::ip::tcp;
using boost::system::error_code;
using Endpoints = std::vector<Tcp::endpoint>;

/// RFC 8305 §5: the recommended delay between two attempts.
constexpr auto kStagger = std::chrono::milliseconds(250);

/// One resolution and the attempts that follow, as one thing to await. Whatever comes first, a
/// connection, the last failure, the deadline or the stop token, wakes the waiter; what comes later
/// finds it settled. That also covers a resolver that hangs, which cannot be interrupted.
class Connecting : public std::enable_shared_from_this<Connecting> {
 public:
  Connecting(Loop& loop, Deadline deadline)
      : loop_(loop),
        deadline_(std::move(deadline)),
        resolver_(loop.io),
        stagger_(loop.timers, &Connecting::try_next, this),
        limit_(loop.timers, &Connecting::overdue, this) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  Result<Socket> await_resume() { return std::move(*result_); }

  void start(const Origin& origin) {
    limit_.arm(deadline_.at());
    on_stop_.emplace(deadline_.stop_token(), Stop(weak_from_this(), loop_));
    error_code not_numeric;
    const auto address = boost::asio::ip::make_address(origin.host, not_numeric);
    if (!not_numeric) {
      endpoints_.emplace_back(address, static_cast<unsigned short>(std::stoul(origin.port)));
      return next();
    }
    resolver_.async_resolve(origin.host, origin.port, Tcp::resolver::numeric_service,
                            [self = shared_from_this()](const error_code& error,
                                                        const Tcp::resolver::results_type& found) {
                              self->resolved(error, found);
                            });
  }

 private:
  /// Called on any thread; the rest happens on the loop's.
  class Stop {
   public:
    Stop(std::weak_ptr<Connecting> connecting, Loop& loop)
        : connecting_(std::move(connecting)), loop_(&loop) {}
    void operator()() const {
      boost::asio::post(loop_->io, [connecting = connecting_] {
        const auto self = connecting.lock();
        if (self) self->settle(fail(Errc::cancelled, "the caller went away"));
      });
    }

   private:
    std::weak_ptr<Connecting> connecting_;
    Loop* loop_;
  };

  void resolved(const error_code& error, const Tcp::resolver::results_type& found) {
    if (result_) return;
    if (error) return settle(fail(Errc::unreachable, "name does not resolve"));
    Endpoints first;
    Endpoints second;
    for (const auto& entry : found) {
      const bool like_first = entry.endpoint().protocol() == found.begin()->endpoint().protocol();
      (like_first ? first : second).push_back(entry.endpoint());
    }
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
      if (i < first.size()) endpoints_.push_back(first[i]);
      if (i < second.size()) endpoints_.push_back(second[i]);
    }
    next();
  }

  static void try_next(void* self) { static_cast<Connecting*>(self)->next(); }

  void next() {
    if (result_ || started_ == endpoints_.size()) return;
    const Tcp::endpoint endpoint = endpoints_[started_++];
    auto socket = std::make_shared<Socket>(loop_.io);
    attempts_.push_back(socket);
    stagger_.arm(TimerWheel::in(kStagger));
    socket->async_connect(endpoint, [self = shared_from_this(), socket](const error_code& error) {
      self->attempted(error, *socket);
    });
  }

  void attempted(const error_code& error, Socket& socket) {
    if (result_) return;
    if (!error) return settle(std::move(socket));
    if (++failed_ == endpoints_.size()) return settle(fail(Errc::unreachable, "connection failed"));
    next();
  }

  static void overdue(void* self) {
    static_cast<Connecting*>(self)->settle(fail(Errc::timeout, "connection timeout"));
  }

  void settle(Result<Socket> result) {
    if (result_) return;
    const auto self = shared_from_this();
    result_.emplace(std::move(result));
    stagger_.disarm();
    limit_.disarm();
    on_stop_.reset();
    resolver_.cancel();
    error_code ignored;
    for (const auto& attempt : attempts_) attempt->close(ignored);
    boost::asio::post(loop_.io, [self] { self->waiting_.resume(); });
  }

  Loop& loop_;
  Deadline deadline_;
  Tcp::resolver resolver_;
  Timer stagger_;
  Timer limit_;
  std::optional<std::stop_callback<Stop>> on_stop_;
  Endpoints endpoints_;
  std::vector<std::shared_ptr<Socket>> attempts_;
  std::size_t started_ = 0;
  std::size_t failed_ = 0;
  std::optional<Result<Socket>> result_;
  std::coroutine_handle<> waiting_ = nullptr;
};

}  // namespace

Origin split_origin(std::string_view url) {
  Origin origin;
  origin.tls = url.starts_with("https://");
  url.remove_prefix(origin.tls ? 8 : 7);
  origin.authority = url;
  const std::size_t colon = url.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
  origin.port = has_port ? std::string(url.substr(colon + 1)) : origin.tls ? "443" : "80";
  origin.host = has_port ? url.substr(0, colon) : url;
  if (origin.host.starts_with('[')) origin.host = origin.host.substr(1, origin.host.size() - 2);
  return origin;
}

Task<Result<Socket>> connect(Loop& loop, const Origin& origin, Deadline deadline) {
  const auto connecting = std::make_shared<Connecting>(loop, std::move(deadline));
  connecting->start(origin);
  Connecting& awaited = *connecting;
  co_return co_await awaited;
}

}  // namespace vx11::inline v0::asio_detail
