// The library in a program that is written with Boost.Asio: an ask awaited in a coroutine of Asio,
// over a transport that is one itself.
#include <vx11/boost_asio.hpp>
#include <vx11/router.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

asio::awaitable<vx11::Result<vx11::HttpResponse>> answer_later() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return vx11::HttpResponse(200, "application/json", R"({"response":"after a moment"})");
}

/// A transport whose calls are coroutines of Asio.
class AsioTransport final : public vx11::Transport {
 public:
  explicit AsioTransport(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  using Transport::send;
  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&,
                                                    vx11::Deadline) override {
    return vx11::boost_asio::as_task(executor_, answer_later());
  }
  bool blocks() const noexcept override { return false; }

 private:
  asio::any_io_executor executor_;
};

asio::awaitable<void> ask(const vx11::Router& router) {
  const auto reply =
      co_await vx11::boost_asio::as_awaitable(router.async_ask(vx11::ChatRequest("hello", "s")));
  std::cout << (reply ? reply->source + ": " + reply->text : reply.error().detail) << '\n';
}

}  // namespace

int main() {
  asio::io_context context;
  const auto transport = std::make_shared<AsioTransport>(context.get_executor());
  const auto router = vx11::Router::create(
      {.targets = {{.name = "madre", .url = "http://madre:8001", .transport = transport}}});
  if (!router) return 1;
  asio::co_spawn(context, ask(*router), asio::detached);
  context.run();
}
