#include "net/client/connect.hpp"

#include <vx11/socket/detail/address_race.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <cerrno>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

using socket_detail::Address;
using socket_detail::AddressRace;

class Connecting;

/// One connection attempt.
class Attempt final : private Poller::Watcher {
 public:
  explicit Attempt(Connecting& connecting) noexcept
      : Watcher(Poller::Priority::results), connecting_(connecting) {}
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  /// \return 0 if connected, `EINPROGRESS` if the result is reported to `connecting`, or the errno
  int start(const Address& address);
  Socket take_socket() noexcept { return std::move(socket_); }

 private:
  void ready(std::uint32_t events) override;

  Connecting& connecting_;
  Socket socket_;
  bool watched_ = false;
};

/// One name look-up and its connection attempts, as one awaitable. The first connection, the last
/// failure, the deadline or the stop token resumes the waiter; later results are ignored. This also
/// bounds a hanging resolver, which cannot be interrupted.
class Connecting : public std::enable_shared_from_this<Connecting> {
 public:
  Connecting(Loop& loop, Deadline deadline)
      : loop_(loop),
        deadline_(std::move(deadline)),
        next_due_(loop.timers, &Connecting::try_next, this),
        limit_(loop.timers, &Connecting::overdue, this) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  Result<Socket> await_resume() { return std::move(*result_); }

  Poller& poller() const noexcept { return loop_.poller; }

  void start(const Url& url) {
    limit_.arm(deadline_.at());
    on_stop_.emplace(deadline_.stop_token(), Stop(weak_from_this(), loop_));
    if (const auto numeric = Address::parse(url.host(), url.port())) return race({*numeric});
    // The worker must not hold the last reference: it must be released on the loop's thread.
    loop_.workers().run(
        [weak = weak_from_this(), loop = &loop_, host = url.host(), port = url.port()] {
          loop->post([weak, found = socket_detail::look_up(host, port)] {
            if (const auto self = weak.lock()) self->race(found);
          });
        });
  }

  /// Reports the result of `attempt`.
  void attempted(Attempt& attempt, int error) {
    if (result_ || error == EINPROGRESS) return;
    if (error == 0) return settle(attempt.take_socket());
    race_->failed(error);
    proceed();
  }

 private:
  /// Called on any thread; posts to the loop.
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

  void race(std::vector<Address> addresses) {
    race_.emplace(std::move(addresses));
    proceed();
  }

  static void try_next(void* self) { static_cast<Connecting*>(self)->proceed(); }

  /// Starts the attempts that are due, unless settled.
  void proceed() {
    while (!result_) {
      const Address* const address = race_->next(TimerWheel::now());
      if (address == nullptr) break;
      Attempt& attempt = *attempts_.emplace_back(std::make_unique<Attempt>(*this));
      const int error = attempt.start(*address);
      if (error == 0) return settle(attempt.take_socket());
      if (error != EINPROGRESS) race_->failed(error);
    }
    if (result_) return;
    if (auto error = race_->lost()) return settle(fail(*std::move(error)));
    next_due_.arm(race_->due());
  }

  static void overdue(void* self) {
    static_cast<Connecting*>(self)->settle(fail(socket_detail::connect_error(ETIMEDOUT)));
  }

  /// Resumes later and so destroys the other attempts later: one of them may be the caller.
  void settle(Result<Socket> result) {
    if (result_) return;
    result_.emplace(std::move(result));
    next_due_.disarm();
    limit_.disarm();
    on_stop_.reset();
    loop_.post([self = shared_from_this()] { self->waiting_.resume(); });
  }

  Loop& loop_;
  Deadline deadline_;
  WheelTimer next_due_;
  WheelTimer limit_;
  std::optional<std::stop_callback<Stop>> on_stop_;
  std::optional<AddressRace> race_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::optional<Result<Socket>> result_;
  std::coroutine_handle<> waiting_ = nullptr;
};

Attempt::~Attempt() {
  if (watched_) connecting_.poller().remove(socket_, *this);
}

int Attempt::start(const Address& address) {
  socket_ = socket_detail::open_tcp(address.family());
  if (!socket_) return errno;
  const int error = socket_detail::start_connect(socket_, address);
  if (error != EINPROGRESS) return error;
  watched_ = connecting_.poller().add(socket_, *this);
  return watched_ ? EINPROGRESS : ENOMEM;
}

void Attempt::ready(std::uint32_t events) {
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
  connecting_.poller().remove(socket_, *this);
  watched_ = false;
  connecting_.attempted(*this, socket_detail::connect_result(socket_));
}

}  // namespace

Task<Result<Socket>> connect(Loop& loop, const Url& url, Deadline deadline) {
  const auto connecting = std::make_shared<Connecting>(loop, std::move(deadline));
  connecting->start(url);
  Connecting& awaited = *connecting;
  co_return co_await awaited;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
