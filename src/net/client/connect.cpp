#include "net/client/connect.hpp"

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

using Tcp = boost::asio::ip::tcp;
using boost::system::error_code;
using Endpoints = std::vector<Tcp::endpoint>;

/// \return the addresses of a name, both families alternately; none if it does not resolve. Blocks.
Endpoints resolve(const std::string& host, const std::string& port) {
  boost::asio::io_context io;
  error_code error;
  const auto found = Tcp::resolver(io).resolve(host, port, Tcp::resolver::numeric_service, error);
  Endpoints first;
  Endpoints second;
  for (const auto& entry : found) {
    const bool like_first = entry.endpoint().protocol() == found.begin()->endpoint().protocol();
    (like_first ? first : second).push_back(entry.endpoint());
  }
  Endpoints all;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) all.push_back(first[i]);
    if (i < second.size()) all.push_back(second[i]);
  }
  return all;
}

class Connecting;

/// One address that is being tried.
class Attempt final : private Poller::Watcher {
 public:
  explicit Attempt(Connecting& connecting) noexcept
      : Watcher(Poller::Priority::results), connecting_(connecting) {}
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  enum class State : unsigned char { under_way, connected, failed };
  /// What is not settled when it returns is told to `connecting` later.
  State start(const Tcp::endpoint& endpoint);
  Socket take_socket() noexcept { return std::move(socket_); }

 private:
  void ready(std::uint32_t events) override;

  Connecting& connecting_;
  Socket socket_;
  bool watched_ = false;
};

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
        stagger_(loop.timers, &Connecting::try_next, this),
        limit_(loop.timers, &Connecting::overdue, this) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  Result<Socket> await_resume() { return std::move(*result_); }

  Poller& poller() const noexcept { return loop_.poller; }

  void start(const Origin& origin) {
    limit_.arm(deadline_.at());
    on_stop_.emplace(deadline_.stop_token(), Stop(weak_from_this(), loop_));
    error_code not_numeric;
    const auto address = boost::asio::ip::make_address(origin.host, not_numeric);
    if (!not_numeric) {
      endpoints_.emplace_back(address, static_cast<unsigned short>(std::stoul(origin.port)));
      return next();
    }
    // The worker must not be the last to hold this: it ends on the loop's thread.
    loop_.workers().run(
        [weak = weak_from_this(), loop = &loop_, host = origin.host, port = origin.port] {
          loop->post([weak, found = resolve(host, port)] {
            if (const auto self = weak.lock()) self->resolved(found);
          });
        });
  }

  void attempted(Attempt& attempt, Attempt::State state) {
    if (result_ || state == Attempt::State::under_way) return;
    if (state == Attempt::State::connected) return settle(attempt.take_socket());
    if (++failed_ == endpoints_.size()) return settle(fail(Errc::unreachable, "connection failed"));
    next();
  }

 private:
  /// Called on any thread; the rest happens on the loop's.
  class Stop {
   public:
    Stop(std::weak_ptr<Connecting> connecting, Loop& loop)
        : connecting_(std::move(connecting)), loop_(&loop) {}
    void operator()() const {
      loop_->post([connecting = connecting_] {
        const auto self = connecting.lock();
        if (self) self->settle(fail(Errc::cancelled, "the caller went away"));
      });
    }

   private:
    std::weak_ptr<Connecting> connecting_;
    Loop* loop_;
  };

  void resolved(const Endpoints& found) {
    if (result_) return;
    if (found.empty()) return settle(fail(Errc::unreachable, "name does not resolve"));
    endpoints_ = found;
    next();
  }

  static void try_next(void* self) { static_cast<Connecting*>(self)->next(); }

  void next() {
    if (result_ || started_ == endpoints_.size()) return;
    Attempt& attempt = *attempts_.emplace_back(std::make_unique<Attempt>(*this));
    stagger_.arm(TimerWheel::in(kStagger));
    attempted(attempt, attempt.start(endpoints_[started_++]));
  }

  static void overdue(void* self) {
    static_cast<Connecting*>(self)->settle(fail(Errc::timeout, "connection timeout"));
  }

  /// The attempts that lost end with this, in a moment: one of them may be calling.
  void settle(Result<Socket> result) {
    if (result_) return;
    result_.emplace(std::move(result));
    stagger_.disarm();
    limit_.disarm();
    on_stop_.reset();
    loop_.post([self = shared_from_this()] { self->waiting_.resume(); });
  }

  Loop& loop_;
  Deadline deadline_;
  WheelTimer stagger_;
  WheelTimer limit_;
  std::optional<std::stop_callback<Stop>> on_stop_;
  Endpoints endpoints_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::size_t started_ = 0;
  std::size_t failed_ = 0;
  std::optional<Result<Socket>> result_;
  std::coroutine_handle<> waiting_ = nullptr;
};

Attempt::~Attempt() {
  if (watched_) connecting_.poller().remove(socket_, *this);
}

Attempt::State Attempt::start(const Tcp::endpoint& endpoint) {
  socket_ = Socket(::socket(endpoint.protocol().family(),
                            SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  const auto size = static_cast<socklen_t>(endpoint.size());
  if (!socket_) return State::failed;
  if (::connect(socket_.get(), endpoint.data(), size) == 0) return State::connected;
  if (errno != EINPROGRESS) return State::failed;
  watched_ = connecting_.poller().add(socket_, *this);
  return watched_ ? State::under_way : State::failed;
}

void Attempt::ready(std::uint32_t events) {
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
  connecting_.poller().remove(socket_, *this);
  watched_ = false;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  connecting_.attempted(*this, error == 0 ? State::connected : State::failed);
}

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

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
