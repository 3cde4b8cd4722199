#include <vx11/net/server.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "net/server/connection.hpp"
#include "net/server/signals.hpp"

namespace vx11 {
inline namespace v0 {

namespace net_detail {

namespace {

using socket_detail::Address;

constexpr int kBacklog = 4096;

Result<Address> parse_listen(std::string_view listen) {
  const auto wrong = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("listen address '{}': expected HOST:PORT with a numeric host, such as "
                            "127.0.0.1:8000 or [::1]:8000",
                            listen));
  };
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = listen.substr(0, colon);
  const std::string_view port_text = listen.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const auto [end, bad] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  const auto address = Address::parse(std::string(host), port);
  if (bad != std::errc{} || end != port_text.data() + port_text.size() || !address) return wrong();
  return *address;
}

/// Throws `std::system_error` if the address cannot be bound.
socket_detail::Fd listen_at(Address& address) {
  socket_detail::Fd listening = socket_detail::listen_tcp(address, kBacklog);
  if (!listening) throw std::system_error(errno, std::generic_category());
  return listening;
}

}  // namespace

/// Accepts on the first loop and distributes connections round-robin. SO_REUSEPORT, the kernel's
/// alternative with several sockets, distributes by a hash and so unevenly, and lets a second
/// server take an occupied port.
class Server : private Poller::Watcher {
 public:
  Server(ServeOptions options, const Address& address)
      : options_(std::move(options)),
        loops_(std::max(1U, options_.threads)),
        local_(address),
        listening_(listen_at(local_)),
        accept_again_(
            first().timers, [](void* self) { static_cast<Server*>(self)->accept(); }, this),
        drain_check_(
            first().timers, [](void* self) { static_cast<Server*>(self)->check(); }, this) {}

  virtual ~Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const Address& local() const noexcept { return local_; }

  std::size_t run(const HttpHandler& handler) {
    state_.emplace(handler, options_.limits);
    for (LoopThread& loop : loops_) loop.state.emplace(*state_);
    if (!first().poller.add(listening_, *this))
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < loops_.size(); ++i) {
      threads.emplace_back([&loop = loops_[i]] { loop.run(); });
    }
    loops_.front().run();
    for (std::thread& thread : threads) thread.join();
    return cut_off_;
  }

  /// Thread-safe.
  void stop(Duration grace) {
    first().post([this, grace] { stopping_ ? end() : drain(grace); });
  }

 private:
  struct LoopThread {
    void run() { loop.run(); }
    std::optional<LoopState> state;  // outlives the loop, whose end runs what was posted last
    Loop loop;
  };

  Loop& first() noexcept { return loops_.front().loop; }

  void ready(std::uint32_t /*events*/) override { accept(); }

  /// Accepts pending connections, in limited numbers so that open sockets are served in between.
  void accept() {
    constexpr int kAtOnce = 64;
    for (int i = 0; i < kAtOnce && !stopping_; ++i) {
      Address peer;
      Socket socket = socket_detail::accept_tcp(listening_, peer);
      if (socket) {
        deal(std::move(socket), peer.host());
      } else if (socket_detail::would_block(errno)) {
        return;  // the next one causes an edge
      } else if (errno != ECONNABORTED && errno != EINTR) {
        // Usually out of file descriptors: other connections have to close first.
        return accept_again_.arm(TimerWheel::now() + std::chrono::milliseconds(20));
      }
    }
    if (!stopping_) first().post([this] { accept(); });
  }

  void deal(Socket socket, std::string address) {
    LoopThread& target = loops_[turn_++ % loops_.size()];
    target.loop.post([this, &target, address = std::move(address),
                      socket = std::make_shared<Socket>(std::move(socket))] {
      welcome(target, std::move(*socket), address);
    });
  }

  void welcome(LoopThread& target, Socket socket, const std::string& address) {
    auto channel = std::make_shared<Channel>(target.loop, std::move(socket));
    if (!state_->connections.enter(address)) return turn_away(*channel);
    std::make_shared<Connection>(std::move(channel), *state_, *target.state, address)->start();
  }

  static void turn_away(Channel& channel) {
    std::string out;
    HttpResponse full = refusal(503, "too many connections");
    full.headers.add("Retry-After", "1");
    append_head(out, full, Framing::length, Persistence::close);
    out += full.body;
    channel.send_now(out);
    channel.shutdown_send();
  }

  void drain(Duration grace) {
    stopping_ = true;
    first().poller.remove(listening_, *this);
    listening_.close();
    state_->draining = true;
    for (LoopThread& loop : loops_) {
      loop.loop.post([&loop] { for_each(*loop.state, [](auto& s) { s.drain(); }); });
    }
    drain_by_ = Deadline::after(TimerWheel::now(), grace).at();
    check();
  }

  /// Waits while it drains, and then until all sessions have ended after their connections were
  /// closed.
  void check() {
    const bool empty = state_->connections.total() == 0;
    if (!ending_ && (empty || TimerWheel::now() >= drain_by_)) end();
    if (empty) {
      for (LoopThread& loop : loops_) loop.loop.stop();
    } else {
      drain_check_.arm(TimerWheel::now() + std::chrono::milliseconds(5));
    }
  }

  /// Closes the remaining connections.
  void end() {
    if (std::exchange(ending_, true)) return;
    cut_off_ = state_->connections.total();
    for (LoopThread& loop : loops_) {
      loop.loop.post([&loop] { for_each(*loop.state, [](auto& s) { s.abort(); }); });
    }
  }

  template <class Do>
  static void for_each(LoopState& state, Do action) {
    for (auto next = state.connections.begin(); next != state.connections.end();) {
      ListedConnection& listed = **next++;
      action(listed);
    }
  }

  ServeOptions options_;
  std::optional<ServerState> state_;
  std::vector<LoopThread> loops_;
  Address local_;
  socket_detail::Fd listening_;
  WheelTimer accept_again_;
  WheelTimer drain_check_;
  TimePoint drain_by_ = {};
  std::size_t turn_ = 0;
  bool stopping_ = false;
  bool ending_ = false;
  std::size_t cut_off_ = 0;
};

}  // namespace net_detail

class HttpServer::Impl final : public net_detail::Server {
  using Server::Server;
};

Result<HttpServer> HttpServer::bind(ServeOptions options) {
  auto address = net_detail::parse_listen(options.listen);
  if (!address) return fail(address.error());
  const std::string listen = options.listen;
  try {
    return HttpServer(std::make_unique<Impl>(std::move(options), *address));
  } catch (const std::system_error& error) {
    return fail(Errc::address_unavailable,
                fmt::format("cannot listen on {}: {}", listen, error.code().message()));
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const noexcept {
  return impl_->local().port();
}

std::string HttpServer::url() const {
  const auto& local = impl_->local();
  const std::string host = local.host();
  return local.is_v6() ? fmt::format("http://[{}]:{}", host, local.port())
                       : fmt::format("http://{}:{}", host, local.port());
}

std::size_t HttpServer::run(const HttpHandler& handler) {
  return impl_->run(handler);
}
void HttpServer::stop(Duration grace) noexcept {
  impl_->stop(grace);
}

Result<void> serve(HttpHandler& handler, ServeOptions options) {
  auto server = HttpServer::bind(std::move(options));
  if (!server) return fail(server.error());
  const net_detail::TerminationSignals signals([&] {
    handler.drain();
    server->stop();
  });
  server->run(handler);
  return {};
}

Result<void> serve(const HttpRoutes& routes, ServeOptions options) {
  const auto handler = routes.build();
  if (!handler) return fail(handler.error());
  return serve(**handler, std::move(options));
}

}  // namespace v0
}  // namespace vx11
