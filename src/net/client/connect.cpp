#include "net/client/connect.hpp"

#include <vx11/socket/detail/address_race.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <cerrno>
#include <memory>
#include <new>
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
using socket_detail::Resolver;

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
  Connecting(Loop& loop, Resolver& resolver, const Url& url, Deadline deadline)
      : loop_(loop),
        resolver_(resolver),
        url_(url),
        deadline_(std::move(deadline)),
        next_due_(loop.timers, &Connecting::try_next, this),
        stale_(loop.timers, &Connecting::use_stale, this),
        limit_(loop.timers, &Connecting::overdue, this) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  Result<Socket> await_resume() { return std::move(*result_); }

  Poller& poller() const noexcept { return loop_.poller; }

  void start() {
    if (loop_.ending()) return settle(fail(Errc::cancelled, "the event loop has ended"));
    limit_.arm(deadline_.at());
    on_stop_.emplace(deadline_.stop_token(), Stop(weak_from_this(), loop_));
    if (const auto numeric = Address::parse(url_.host(), url_.port())) return race({*numeric});
    if (const auto known = resolver_.known(url_.host())) {
      from_cache_ = true;
      return race(*known);
    }
    look_up();
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
    /// The last reference is released on the loop's thread: the callback's end is awaited there.
    void operator()() const noexcept {
      std::shared_ptr<Connecting> self = connecting_.lock();
      if (!self) return;
      auto& job = self->stop_job_;
      job.keep(std::move(self));
      loop_->post(job);
    }

   private:
    std::weak_ptr<Connecting> connecting_;
    Loop* loop_;
  };

  /// Takes the result of a look-up to the loop. Made before the look-up, so that the result is not
  /// lost for want of memory.
  class FoundJob final : public QueuedJob {
   public:
    explicit FoundJob(std::weak_ptr<Connecting> connecting) noexcept
        : connecting_(std::move(connecting)) {}

    /// \param self kept until it has run
    void keep(std::shared_ptr<FoundJob> self, const Resolver::Found& found) noexcept {
      self_ = std::move(self);
      try {
        found_ = found;
      } catch (const std::bad_alloc&) {
        found_ = fail(Errc::exhausted);
      }
    }

   private:
    void run() override {
      const std::shared_ptr<FoundJob> self = std::move(self_);
      if (const auto connecting = connecting_.lock()) connecting->looked_up(found_);
    }
    void drop() noexcept override { const std::shared_ptr<FoundJob> self = std::move(self_); }

    std::weak_ptr<Connecting> connecting_;
    std::shared_ptr<FoundJob> self_;
    Resolver::Found found_ = fail(Errc::unreachable);
  };

  void look_up() {
    const bool again = race_.has_value();  // the addresses from before have just failed
    next_due_.disarm();
    race_.reset();
    if (!again) stale_.arm(saturated_add(TimerWheel::now(), resolver_.patience()));
    // The resolver must not hold the last reference: it must be released on the loop's thread.
    const auto job = std::make_shared<FoundJob>(weak_from_this());
    look_up_ = resolver_.look_up(url_.host(), [job, loop = &loop_](const Resolver::Found& found) {
      job->keep(job, found);
      loop->post(*job);
    });
  }
  void give_up_for_caller() { settle(fail(Errc::cancelled, "the caller went away")); }
  void resume_waiting() { waiting_.resume(); }

  void looked_up(const Resolver::Found& found) {
    if (result_) return;
    if (raced_stale_) {
      late_ = found;
      return;
    }
    stale_.disarm();
    if (!found) return settle(fail(found.error()));
    race(*found);
  }

  /// The look-up hangs: addresses from before are better than none.
  static void use_stale(void* self) {
    auto& connecting = *static_cast<Connecting*>(self);
    const auto known = connecting.resolver_.known(connecting.url_.host());
    if (connecting.result_ || !known) return;
    connecting.raced_stale_ = true;
    connecting.race(*known);
  }

  void race(std::vector<Address> addresses) {
    for (Address& address : addresses) address = address.with_port(url_.port());
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
    if (auto error = race_->lost()) return lose(*std::move(error));
    next_due_.arm(race_->due());
  }

  /// The host may have moved since its addresses were cached.
  void lose(Error error) {
    if (std::exchange(raced_stale_, false) && error.code != Errc::exhausted) {
      next_due_.disarm();
      race_.reset();
      if (late_) looked_up(*late_);
      return;  // without a result yet: the look-up or the limit ends it
    }
    const bool may_have_moved = std::exchange(from_cache_, false) && error.code != Errc::exhausted;
    if (may_have_moved && resolver_.distrust(url_.host())) return look_up();
    settle(fail(std::move(error)));
  }

  static void overdue(void* self) { static_cast<Connecting*>(self)->give_up(); }

  void give_up() {
    if (loop_.ending()) return settle(fail(Errc::cancelled, "the event loop has ended"));
    if (!race_ && look_up_.queued()) {
      return settle(fail(Errc::exhausted, "no thread free to look up the host name"));
    }
    if (from_cache_) resolver_.distrust(url_.host());
    settle(fail(socket_detail::connect_error(ETIMEDOUT)));
  }

  /// Resumes later and so destroys the other attempts later: one of them may be the caller.
  void settle(Result<Socket> result) {
    if (result_) return;
    result_.emplace(std::move(result));
    next_due_.disarm();
    stale_.disarm();
    limit_.disarm();
    on_stop_.reset();
    resume_job_.keep(shared_from_this());
    loop_.post(resume_job_);
  }

  Loop& loop_;
  Resolver& resolver_;
  const Url& url_;
  Deadline deadline_;
  WheelTimer next_due_;
  WheelTimer stale_;
  WheelTimer limit_;
  std::optional<std::stop_callback<Stop>> on_stop_;
  std::optional<AddressRace> race_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::optional<Result<Socket>> result_;
  std::coroutine_handle<> waiting_ = nullptr;
  SharedJob<Connecting, &Connecting::give_up_for_caller> stop_job_;
  SharedJob<Connecting, &Connecting::resume_waiting> resume_job_;
  bool from_cache_ = false;
  bool raced_stale_ = false;                  ///< Outdated addresses are being tried.
  std::optional<Resolver::Found> late_ = {};  ///< What the look-up found meanwhile.
  Resolver::Waiting look_up_;  ///< Last, so that nothing is reported during destruction.
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

Task<Result<Socket>> connect(Loop& loop, Resolver& resolver, const Url& url, Deadline deadline) {
  const auto connecting = std::make_shared<Connecting>(loop, resolver, url, std::move(deadline));
  connecting->start();
  Connecting& awaited = *connecting;
  co_return co_await awaited;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
