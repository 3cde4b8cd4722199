#include "httplib_front.hpp"

#include <vx11/httplib.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include "active_count.hpp"
#include "values.hpp"

namespace gateway {

namespace {

/// cpp-httplib's default is 5: in a burst of a few dozen clients, connections would be refused.
constexpr int kBacklog = 1024;

/// Tracks requests from the end of their head to the end of their response.
class RequestCount {
 public:
  void begin() {
    crowd_.enter();
    here_ = true;
  }
  /// No effect on a thread without a request.
  void end() {
    if (std::exchange(here_, false)) crowd_.leave();
  }
  ActiveCount& crowd() { return crowd_; }

 private:
  static thread_local bool here_;
  ActiveCount crowd_;
};
thread_local bool RequestCount::here_ = false;

/// cpp-httplib's pool, but blocks the accepting thread at the connection limit, so that further
/// connections stay in the system's queue.
class BoundedPool final : public httplib::TaskQueue {
 public:
  BoundedPool(const ServerConfig& config, ActiveCount& connections, RequestCount& requests,
              const std::atomic<bool>& stopping)
      : pool_(config.threads),
        most_(config.max_connections),
        connections_(connections),
        requests_(requests),
        stopping_(stopping) {}

  // The return type differs between versions of cpp-httplib.
  using Enqueued = decltype(std::declval<TaskQueue&>().enqueue(nullptr));

  Enqueued enqueue(std::function<void()> serve) override {
    while (!stopping_ && connections_.wait_for_at_most(most_ - 1, 100ms) >= most_) {
    }
    connections_.enter();
    return pool_.enqueue([this, serve = std::move(serve)] {
      serve();
      requests_.end();
      connections_.leave();
    });
  }
  void shutdown() override { pool_.shutdown(); }

 private:
  httplib::ThreadPool pool_;
  const std::size_t most_;
  ActiveCount& connections_;
  RequestCount& requests_;
  const std::atomic<bool>& stopping_;
};

/// Responses to errors detected by cpp-httplib: no such path, not HTTP, too long.
void give_body(const httplib::Request&, httplib::Response& response) {
  if (!response.body.empty() || response.content_provider_) return;
  const std::string_view word = response.status == 404   ? "not_found"
                                : response.status == 413 ? "too_large"
                                                         : "bad_request";
  response.set_content(fmt::format(R"({{"error":"{}","status_code":{}}})", word, response.status),
                       "application/json");
}

void refuse_while_stopping(httplib::Response& response) {
  response.status = 503;
  response.set_header("Retry-After", "1");
  response.set_header("Connection", "close");
  response.set_content(R"({"error":"shutting_down","status_code":503})", "application/json");
}

class HttplibFront final : public Front {
 public:
  explicit HttplibFront(const GatewayConfig& config) : config_(config.server) {
    vx11::harden(server_, {.max_body_bytes = config.limits.max_body_bytes});
    server_.set_socket_options([this](int fd) {
      const int on = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      listener_ = fd;
    });
    server_.new_task_queue = [this] {
      return new BoundedPool(config_, connections_, requests_, stopping_);
    };
    server_.set_pre_routing_handler(
        [this](const auto&, auto& response) { return begin(response); });
    server_.set_logger([this](const auto& request, const auto& response) {
      requests_.end();
      spdlog::debug("{} {} {}", in_quotes(request.method), in_quotes(request.target),
                    response.status);
    });
    server_.set_error_handler(httplib::Server::Handler(give_body));
  }

  vx11::Result<void> bind() {
    const Address& address = config_.listen;
    errno = 0;
    const int port = address.port == 0 ? server_.bind_to_any_port(address.host)
                     : server_.bind_to_port(address.host, address.port) ? address.port
                                                                        : -1;
    if (port < 0) return cannot_listen(address, errno);
    port_ = static_cast<std::uint16_t>(port);
    ::listen(listener_, kBacklog);  // a second call only changes the queue length
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void start(const vx11::OperatorApi& api) override {
    vx11::mount(server_, api);
    listening_ = std::jthread([this] {
      server_.listen_after_bind();
      ended_ = true;
    });
    // stop() has no effect before the server runs.
    while (!server_.is_running() && !ended_) std::this_thread::yield();
  }

  Drained drain(Duration grace) override {
    stopping_ = true;
    server_.stop();
    Drained drained{.cut_off = requests_.crowd().wait_for_at_most(0, grace)};
    // An idle connection holds its thread for seconds; cpp-httplib cannot interrupt it.
    drained.threads_ended = drained.cut_off == 0 && connections_.wait_for_at_most(0, 50ms) == 0;
    return drained;
  }

 private:
  using Routed = httplib::Server::HandlerResponse;

  Routed begin(httplib::Response& response) {
    requests_.begin();
    if (!stopping_) return Routed::Unhandled;
    refuse_while_stopping(response);
    return Routed::Handled;
  }

  static tl::unexpected<vx11::Error> cannot_listen(const Address& address, int error) {
    const auto reason = error == 0 ? "no such address" : std::generic_category().message(error);
    return vx11::fail(vx11::Errc::address_unavailable,
                      fmt::format("cannot listen on {}: {}; choose another address with --listen",
                                  to_string(address), reason));
  }

  const ServerConfig config_;
  ActiveCount connections_;
  RequestCount requests_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = false;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  httplib::Server server_;
  std::jthread listening_;
};

}  // namespace

vx11::Result<std::unique_ptr<Front>> bind_httplib_front(const GatewayConfig& config) {
  auto front = std::make_unique<HttplibFront>(config);
  if (auto bound = front->bind(); !bound) return vx11::fail(std::move(bound.error()));
  return front;
}

std::shared_ptr<vx11::Transport> make_httplib_transport(const GatewayConfig& config) {
  return std::make_shared<vx11::HttplibTransport>(
      vx11::HttplibOptions{.max_idle_per_origin = config.server.threads});
}

}  // namespace gateway
