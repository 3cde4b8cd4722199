#include <vx11/net/server.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "net/server/connection.hpp"
#include "net/server/listener.hpp"
#include "net/server/refusals.hpp"
#include "net/server/server_tls_channel.hpp"

namespace vx11 {
inline namespace v0 {

namespace net_detail {

namespace {

/// For the last pieces of streams once the grace time is over: what a client that reads gets at
/// once. One that does not read must not hold the shutdown for longer.
constexpr Duration kLastPiece = std::chrono::seconds(1);

}  // namespace

/// Accepts on the first loop and distributes connections round-robin. SO_REUSEPORT, the kernel's
/// alternative with several sockets, distributes by a hash and so unevenly, and lets a second
/// server take an occupied port.
class Server : private Poller::Watcher {
 public:
  Server(ServeOptions options, TrustedProxies proxies, Listener listener)
      : options_(std::move(options)),
        proxies_(std::move(proxies)),
        unsent_(options_.limits.unsent_bytes),
        loops_(std::max(1U, options_.threads)),
        listener_(std::move(listener)),
        accept_again_(
            first().timers, [](void* self) { static_cast<Server*>(self)->accept(); }, this),
        drain_check_(
            first().timers, [](void* self) { static_cast<Server*>(self)->check(); }, this),
        close_listener_(
            first().timers, [](void* self) { static_cast<Server*>(self)->close_listener(); },
            this) {}

  virtual ~Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const Listener& listener() const noexcept { return listener_; }
  bool is_secure() const noexcept { return options_.tls != nullptr; }
  /// Thread-safe.
  std::size_t unsent_bytes() const { return unsent_.bytes(); }
  std::size_t loops() const noexcept { return loops_.size(); }
  /// Thread-safe.
  LoopFigures loop_figures(std::size_t at) const noexcept {
    const TurnFigures& turns = loops_[at].loop.turns;
    return {.turns = turns.turns(), .busy = turns.busy(), .longest_turn = turns.longest()};
  }
  /// Thread-safe.
  std::size_t connections() const {
    return runs_.load(std::memory_order_acquire) ? state_->connections.total() : 0;
  }
  /// Thread-safe.
  bool is_accepting() const noexcept { return accepting_.load(std::memory_order_relaxed); }

  std::size_t run(const HttpHandler& handler) {
    state_.emplace(handler, options_, proxies_, unsent_);
    runs_.store(true, std::memory_order_release);
    for (LoopThread& loop : loops_) {
      loop.state.emplace(*state_);
      loop.loop.call_after_work(options_.after_work, std::chrono::seconds(1));
    }
    if (!first().poller.add(listener_.socket(), *this))
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    std::vector<std::thread> threads = start_threads();
    accepting_ = true;
    loops_.front().run();
    accepting_ = false;
    for (std::thread& thread : threads) thread.join();
    return cut_off_;
  }

  /// For one thread at a time.
  bool has_turned() noexcept {
    bool all = true;
    const std::size_t running = started_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < running; ++i) all = loops_[i].turned() && all;
    return all;
  }

  /// Thread-safe.
  void stop(Duration grace, Duration delay) noexcept {
    const std::lock_guard lock(
        stop_mutex_);  // the second call must find the first one's job queued
    if (stops_ == 0) {
      grace_ = grace;
      delay_ = delay;
      first().post(drain_job_);
    } else if (stops_ == 1) {
      first().post(end_job_);
    }
    stops_ = std::min(stops_ + 1, 2);
  }

 private:
  using Act = void (*)(ListedConnection&);
  struct LoopThread;
  /// Does something with all connections of a loop, on its thread.
  struct ConnectionsJob final : QueuedJob {
    ConnectionsJob(LoopThread& thread, Act action) noexcept : loop(thread), act(action) {}
    void run() override { for_each(*loop.state, act); }
    LoopThread& loop;
    Act act;
  };
  /// Runs in the next turn of its loop.
  struct TurnJob final : QueuedJob {
    void run() override { queued.store(false, std::memory_order_release); }
    std::atomic<bool> queued{false};
  };
  struct LoopThread {
    void run() { loop.run(); }
    /// Whether the job of the last call has run; queues it again.
    bool turned() noexcept {
      if (turn_job.queued.exchange(true, std::memory_order_acq_rel)) return false;
      loop.post(turn_job);
      return true;
    }
    TurnJob turn_job;
    ConnectionsJob drain_job{*this, [](ListedConnection& connection) { connection.drain(); }};
    ConnectionsJob cut_job{*this, [](ListedConnection& connection) { connection.cut_short(); }};
    ConnectionsJob abort_job{*this, [](ListedConnection& connection) { connection.abort(); }};
    std::optional<LoopState> state;  // outlives the loop, whose end runs what was posted last
    Loop loop;
  };
  struct ServerJob final : QueuedJob {
    ServerJob(Server& owner, void (Server::*function)()) noexcept : server(owner), act(function) {}
    void run() override {
      if (Loop::current() != nullptr) (server.*act)();  // else destroyed without having run
    }
    Server& server;
    void (Server::*act)();
  };

  Loop& first() noexcept { return loops_.front().loop; }

  /// One per loop but the first, or fewer if the system is out of threads.
  std::vector<std::thread> start_threads() {
    std::vector<std::thread> threads;
    threads.reserve(loops_.size());
    try {
      while (threads.size() + 1 < loops_.size()) {
        threads.emplace_back([&loop = loops_[threads.size() + 1]] { loop.run(); });
        started_.store(threads.size() + 1, std::memory_order_release);
      }
    } catch (const std::exception&) {
      state_->report(ServerEvent::fewer_threads);
    }
    return threads;
  }

  void ready(std::uint32_t /*events*/) override { accept(); }

  /// Accepts pending connections, in limited numbers so that open sockets are served in between.
  void accept() noexcept {
    constexpr int kAtOnce = 64;
    try {
      for (int i = 0; i < kAtOnce && !stopping_; ++i) {
        if (!accept_one()) return;
      }
      if (!stopping_) first().post([this] { accept(); });
    } catch (const std::exception&) {  // out of memory
      accept_later();
    }
  }

  /// \return whether there may be another one now
  bool accept_one() {
    std::string client;
    Socket socket = listener_.accept(client);
    if (socket) {
      if (!is_accepting()) accepting_ = !stopping_;
      deal(std::move(socket), std::move(client));
      return true;
    }
    if (socket_detail::would_block(errno)) {  // the next one causes an edge
      accepting_ = !stopping_;
      return false;
    }
    if (errno == ECONNABORTED || errno == EINTR) return true;
    accept_later();
    return false;
  }

  /// Usually out of file descriptors: other connections have to close first.
  void accept_later() noexcept {
    accepting_ = false;
    state_->report(ServerEvent::accept_failed);
    accept_again_.arm(TimerWheel::now() + std::chrono::milliseconds(20));
  }

  void deal(Socket socket, std::string address) {
    LoopThread& target = loops_[turn_++ % started_.load(std::memory_order_relaxed)];
    target.loop.post([this, &target, address = std::move(address),
                      socket = std::make_shared<Socket>(std::move(socket))] {
      try {
        welcome(target, std::move(*socket), address);
      } catch (const std::exception&) {  // out of memory: the connection is closed
      }
      --dealt_;
    });
    ++dealt_;  // last: a post that throws counts nothing
  }

  void welcome(LoopThread& target, Socket socket, const std::string& address) {
    using Room = ConnectionCounts::Room;
    const ClientKnown known = how_known(address);
    if (known == ClientKnown::by_proxy_header && !proxies_.contains(address)) {
      return state_->report(ServerEvent::proxy_header_refused);
    }
    const std::string& counted = counted_as(address);
    auto channel = make_channel(target.loop, std::move(socket));
    Room room = state_->connections.enter(counted);
    if (room == Room::full && make_room(*target.state)) room = state_->connections.enter(counted);
    if (room == Room::free) return begin(target, std::move(channel), address, Lane::regular);
    if (enter_reserved(*state_, *target.state)) {
      return begin(target, std::move(channel), address, Lane::reserved);
    }
    state_->report(ServerEvent::turned_away);
    if (!is_secure()) turn_away(*channel, address);
  }

  ClientKnown how_known(const std::string& address) const noexcept {
    if (options_.proxy_protocol == ProxyProtocol::required) return ClientKnown::by_proxy_header;
    return state_->believes_headers_of(address) ? ClientKnown::by_client_header : ClientKnown::yes;
  }

  /// By which address a connection is counted before anything is read from it.
  const std::string& counted_as(const std::string& address) const noexcept {
    static const std::string none;
    return options_.proxy_protocol == ProxyProtocol::required ? none : address;
  }

  std::shared_ptr<Channel> make_channel(Loop& loop, Socket socket) const {
    if (!is_secure()) return std::make_shared<Channel>(loop, std::move(socket));
    return std::make_shared<ServerTlsChannel>(options_.tls->context(), loop, std::move(socket));
  }

  void begin(LoopThread& target, std::shared_ptr<Channel> channel, const std::string& address,
             Lane lane) {
    std::shared_ptr<Connection> connection;
    try {
      connection = std::make_shared<Connection>(std::move(channel), *state_, *target.state,
                                                std::make_shared<const HttpPeer>(address),
                                                how_known(address), lane);
    } catch (...) {
      state_->connections.leave(counted_as(address), lane);
      throw;
    }
    connection->start();
  }

  /// Closes the connection of this loop that has been idle for longest. The loops have about equal
  /// numbers, so the oldest of all loops is not much older.
  /// \return whether there was one
  bool make_room(LoopState& state) {
    if (state.idle.empty()) return false;
    ListedConnection& oldest = *state.idle.front();
    // It is noted by a coarse clock, which may be ahead.
    const Duration idle = std::max(Duration::zero(), TimerWheel::now() - oldest.idle_since());
    if (idle < state_->limits.evictable_after || !oldest.evict()) return false;
    state_->report(ServerEvent::evicted);
    return true;
  }

  void turn_away(Channel& channel, const std::string& address) {
    HttpRequest unread{"", "", ""};
    unread.peer = std::make_shared<const HttpPeer>(address);
    const HttpResponse full = no_room(state_->handler, unread);
    std::string out;
    append_head(out, full, Framing::length, Persistence::close);
    out += full.body;
    channel.send_now(out);
    channel.shutdown_send();
  }

  /// From now on each answer is the last of its connection. The listener stays open for `delay_`.
  void drain() {
    state_->draining = true;
    if (delay_ <= Duration::zero()) return close_listener();
    close_listener_.arm(saturated_add(TimerWheel::now(), delay_));
  }

  /// Takes the connections that the system has accepted, so that none of them is reset.
  void close_listener() noexcept {
    if (std::exchange(stopping_, true)) return;
    accepting_ = false;
    listener_.retire();
    try {
      while (accept_one()) {
      }
    } catch (const std::exception&) {  // out of memory: the rest is reset
    }
    accept_again_.disarm();
    first().poller.remove(listener_.socket(), *this);
    listener_.close();
    for (LoopThread& loop : loops_) loop.loop.post(loop.drain_job);
    drain_by_ = Deadline::after(TimerWheel::now(), grace_).at();
    check();
  }

  /// Waits while it drains, and then until all sessions have ended after their connections were
  /// closed.
  void check() {
    const bool empty = dealt_ == 0 && state_->connections.total() == 0;
    const bool is_over = TimerWheel::now() >= drain_by_;
    if (!ending_ && (empty || is_over)) {
      cut_short();
    } else if (!empty && is_over) {
      end();
    }
    if (empty) {
      for (LoopThread& loop : loops_) loop.loop.stop();
    } else {
      drain_check_.arm(TimerWheel::now() + std::chrono::milliseconds(5));
    }
  }

  /// Closes the remaining connections, streams after their last piece.
  void cut_short() {
    ending_ = true;
    cut_off_ = state_->connections.total();
    drain_by_ = Deadline::after(TimerWheel::now(), kLastPiece).at();
    for (LoopThread& loop : loops_) loop.loop.post(loop.cut_job);
  }

  /// Closes the remaining connections, whatever they do.
  void end() {
    if (std::exchange(ended_, true)) return;
    close_listener();
    if (!std::exchange(ending_, true)) cut_off_ = state_->connections.total();
    for (LoopThread& loop : loops_) loop.loop.post(loop.abort_job);
  }

  static void for_each(LoopState& state, Act action) {
    for (ConnectionList* const list : {&state.idle, &state.busy, &state.reserved}) {
      for (auto next = list->begin(); next != list->end();) {
        ListedConnection& listed = **next++;
        action(listed);
      }
    }
  }

  ServeOptions options_;
  const TrustedProxies proxies_;
  UnsentAnswers unsent_;
  std::optional<ServerState> state_;
  std::atomic<bool> runs_ = false;  ///< Whether there is a `state_`, from then on.
  std::mutex stop_mutex_;
  int stops_ = 0;  ///< Calls of `stop`, up to two; guarded by `stop_mutex_`.
  ServerJob drain_job_{*this, &Server::drain};  // outlives the loops, as `end_job_`
  ServerJob end_job_{*this, &Server::end};
  std::vector<LoopThread> loops_;
  Listener listener_;
  WheelTimer accept_again_;
  WheelTimer drain_check_;
  WheelTimer close_listener_;
  Duration grace_ = {};  ///< Written before the drain job is posted.
  Duration delay_ = {};
  TimePoint drain_by_ = {};
  std::size_t turn_ = 0;
  std::atomic<std::size_t> started_ = 1;  ///< Loops that run.
  std::atomic<bool> accepting_ = false;
  std::atomic<std::size_t> dealt_ = 0;  ///< Connections on their way to their loop.
  bool stopping_ = false;               ///< The listener is closed, or about to be.
  bool ending_ = false;                 ///< The grace time is over.
  bool ended_ = false;                  ///< The last connections are being closed.
  std::size_t cut_off_ = 0;
};

}  // namespace net_detail

class HttpServer::Impl final : public net_detail::Server {
  using Server::Server;
};

Result<HttpServer> HttpServer::bind(ServeOptions options) {
  auto proxies = TrustedProxies::parse(options.trusted_proxies);
  if (!proxies) return fail(std::move(proxies.error()));
  if (options.proxy_protocol == ProxyProtocol::required && proxies->empty()) {
    return fail(Errc::invalid_argument,
                "the PROXY protocol is required and no proxy is trusted; name some");
  }
  const std::string listen = options.listen;
  try {
    auto listener = net_detail::Listener::open(options);
    if (!listener) return fail(std::move(listener.error()));
    return HttpServer(
        std::make_unique<Impl>(std::move(options), *std::move(proxies), *std::move(listener)));
  } catch (const std::system_error& error) {
    return fail(Errc::exhausted,
                fmt::format("cannot listen on {}: {}", listen, error.code().message()));
  } catch (const std::bad_alloc&) {
    return fail(Errc::exhausted, "no memory left for a server");
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const noexcept {
  return impl_->listener().port();
}

std::size_t HttpServer::unsent_bytes() const {
  return impl_->unsent_bytes();
}

std::size_t HttpServer::loops() const noexcept {
  return impl_->loops();
}

LoopFigures HttpServer::loop_figures(std::size_t at) const noexcept {
  return impl_->loop_figures(at);
}

std::size_t HttpServer::connections() const {
  return impl_->connections();
}

bool HttpServer::is_accepting() const noexcept {
  return impl_->is_accepting();
}

bool HttpServer::has_turned() noexcept {
  return impl_->has_turned();
}

std::string HttpServer::url() const {
  const auto& listener = impl_->listener();
  if (listener.is_unix()) return listener.name();
  return fmt::format("{}://{}", impl_->is_secure() ? "https" : "http", listener.name());
}

std::size_t HttpServer::run(const HttpHandler& handler) {
  return impl_->run(handler);
}
void HttpServer::stop(Duration grace, Duration drain_delay) noexcept {
  impl_->stop(grace, drain_delay);
}

}  // namespace v0
}  // namespace vx11
