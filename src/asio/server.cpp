#include <vx11/server/asio.hpp>

#include <charconv>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "session.hpp"

namespace vx11::inline v0 {

namespace asio_detail {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 4096;

Result<Tcp::endpoint> parse_listen(std::string_view listen) {
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
  error_code not_numeric;
  const auto address = asio::ip::make_address(std::string(host), not_numeric);
  if (bad != std::errc{} || end != port_text.data() + port_text.size() || not_numeric)
    return wrong();
  return Tcp::endpoint(address, port);
}

}  // namespace

/// Accepts on the first loop and deals the connections out in turn: the kernel's own dealing over
/// several sockets (SO_REUSEPORT) goes by a hash and leaves one loop with more, and it lets a
/// second server take an occupied port.
class Server {
 public:
  Server(ServeOptions options, Tcp::endpoint endpoint)
      : options_(std::move(options)),
        loops_(std::max(1U, options_.threads)),
        acceptor_(loops_.front().loop.io),
        backoff_(loops_.front().loop.io),
        drain_timer_(loops_.front().loop.io) {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(Tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(kBacklog);
    local_ = acceptor_.local_endpoint();
  }

  const Tcp::endpoint& local() const noexcept { return local_; }

  std::size_t run(const OperatorApi& api) {
    state_.emplace(api, options_.limits);
    for (LoopThread& loop : loops_) loop.state.emplace(*state_);
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < loops_.size(); ++i) {
      threads.emplace_back([&loop = loops_[i]] { loop.run(); });
    }
    accept();
    loops_.front().run();
    for (std::thread& thread : threads) thread.join();
    return cut_off_;
  }

  /// On any thread.
  void stop(Duration grace) {
    asio::post(loops_.front().loop.io, [this, grace] { stopping_ ? end() : drain(grace); });
  }

 private:
  struct LoopThread {
    LoopThread() : work(loop.io.get_executor()) {}
    void run() { loop.run(); }
    std::optional<LoopState> state;  // outlives the loop, whose end runs what was posted last
    Loop loop;
    asio::executor_work_guard<asio::io_context::executor_type> work;
  };

  void accept() {
    LoopThread& target = loops_[turn_++ % loops_.size()];
    acceptor_.async_accept(target.loop.io, [this, &target](const error_code& error, Socket socket) {
      if (stopping_) return;
      if (!error) {
        asio::post(target.loop.io, [this, &target, socket = std::move(socket)]() mutable {
          welcome(target, std::move(socket));
        });
        return accept();
      }
      // Out of descriptors, usually: others have to end first.
      backoff_.expires_after(std::chrono::milliseconds(20));
      backoff_.async_wait([this](const error_code& cancelled) {
        if (!cancelled) accept();
      });
    });
  }

  void welcome(LoopThread& target, Socket socket) {
    error_code gone;
    const std::string address = socket.remote_endpoint(gone).address().to_string();
    if (gone) return;
    auto channel = std::make_shared<Channel>(target.loop, std::move(socket));
    if (!state_->connections.enter(address)) return turn_away(*channel);
    std::make_shared<Session>(std::move(channel), *state_, *target.state, address)->start();
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
    error_code ignored;
    acceptor_.close(ignored);
    state_->draining = true;
    for (LoopThread& loop : loops_) {
      asio::post(loop.loop.io, [&loop] { for_each(*loop.state, [](auto& s) { s.drain(); }); });
    }
    drain_by_ = Deadline::after(TimerWheel::now(), grace).at();
    end_when_empty();
  }

  void end_when_empty() {
    if (state_->connections.total() == 0 || TimerWheel::now() >= drain_by_) return end();
    drain_timer_.expires_after(std::chrono::milliseconds(5));
    drain_timer_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) end_when_empty();
    });
  }

  /// Cuts off what is left. The loops run on until every session has noticed.
  void end() {
    if (std::exchange(ending_, true)) return;
    cut_off_ = state_->connections.total();
    for (LoopThread& loop : loops_) {
      asio::post(loop.loop.io, [&loop] { for_each(*loop.state, [](auto& s) { s.abort(); }); });
    }
    leave_when_empty();
  }

  void leave_when_empty() {
    if (state_->connections.total() == 0) {
      for (LoopThread& loop : loops_) loop.loop.io.stop();
      return;
    }
    drain_timer_.expires_after(std::chrono::milliseconds(5));
    drain_timer_.async_wait([this](const error_code&) { leave_when_empty(); });
  }

  template <class Do>
  static void for_each(LoopState& state, Do action) {
    for (auto next = state.sessions.begin(); next != state.sessions.end();) action(*next++);
  }

  ServeOptions options_;
  std::optional<ServerState> state_;
  std::vector<LoopThread> loops_;
  Tcp::acceptor acceptor_;
  Tcp::endpoint local_;
  asio::steady_timer backoff_;
  asio::steady_timer drain_timer_;
  TimePoint drain_by_ = {};
  std::size_t turn_ = 0;
  bool stopping_ = false;
  bool ending_ = false;
  std::size_t cut_off_ = 0;
};

}  // namespace asio_detail

class AsioServer::Impl : public asio_detail::Server {
  using Server::Server;
};

Result<AsioServer> AsioServer::bind(ServeOptions options) {
  auto endpoint = asio_detail::parse_listen(options.listen);
  if (!endpoint) return fail(endpoint.error());
  const std::string listen = options.listen;
  try {
    return AsioServer(std::make_unique<Impl>(std::move(options), *endpoint));
  } catch (const boost::system::system_error& error) {
    return fail(Errc::unavailable,
                fmt::format("cannot listen on {}: {}", listen, error.code().message()));
  }
}

AsioServer::AsioServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
AsioServer::AsioServer(AsioServer&&) noexcept = default;
AsioServer& AsioServer::operator=(AsioServer&&) noexcept = default;
AsioServer::~AsioServer() = default;

std::uint16_t AsioServer::port() const noexcept {
  return impl_->local().port();
}

std::string AsioServer::url() const {
  const auto& local = impl_->local();
  const std::string host = local.address().to_string();
  return local.address().is_v6() ? fmt::format("http://[{}]:{}", host, local.port())
                                 : fmt::format("http://{}:{}", host, local.port());
}

std::size_t AsioServer::run(const OperatorApi& api) {
  return impl_->run(api);
}
void AsioServer::stop(Duration grace) noexcept {
  impl_->stop(grace);
}

Result<void> serve(const OperatorApi& api, ServeOptions options) {
  auto server = AsioServer::bind(std::move(options));
  if (!server) return fail(server.error());
  boost::asio::io_context signals_io;
  boost::asio::signal_set signals(signals_io, SIGINT, SIGTERM);
  std::function<void(const boost::system::error_code&, int)> on_signal =
      [&](const boost::system::error_code& error, int) {
        if (error) return;
        api.drain();
        server->stop();
        signals.async_wait(on_signal);
      };
  signals.async_wait(on_signal);
  std::thread waiting([&] { signals_io.run(); });
  server->run(api);
  signals_io.stop();
  waiting.join();
  return {};
}

}  // namespace vx11::inline v0
