// The library's server and transport, and an HTTP upstream on the program's own Boost.Asio:
// acceptor, resolver, timer and signals. Both talk to each other.
#include <vx11/net/server.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/vx11.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio.hpp>
#include <boost/version.hpp>

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

/// Answers each request after a moment, and then closes.
class Upstream {
 public:
  explicit Upstream(asio::io_context& io)
      : acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}) {
    accept();
  }
  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  int answered() const { return answered_; }
  void stop() { acceptor_.close(); }

 private:
  struct Visit {
    explicit Visit(Tcp::socket accepted)
        : socket(std::move(accepted)), pause(socket.get_executor()) {}
    Tcp::socket socket;
    asio::steady_timer pause;
    std::string bytes = {};
  };

  void accept() {
    acceptor_.async_accept([this](const error_code& error, Tcp::socket socket) {
      if (error) return;
      serve(std::make_shared<Visit>(std::move(socket)));
      accept();
    });
  }

  void serve(const std::shared_ptr<Visit>& visit) {
    asio::async_read_until(visit->socket, asio::dynamic_buffer(visit->bytes), "\r\n\r\n",
                           [this, visit](const error_code& error, std::size_t) {
                             if (!error) answer_later(visit);
                           });
  }

  void answer_later(const std::shared_ptr<Visit>& visit) {
    visit->pause.expires_after(std::chrono::milliseconds(5));
    visit->pause.async_wait([this, visit](const error_code& error) {
      if (!error) answer(visit);
    });
  }

  void answer(const std::shared_ptr<Visit>& visit) {
    const std::string body = R"({"policy":"solo_madre","active_services":["madre"]})";
    visit->bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n";
    visit->bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    asio::async_write(visit->socket, asio::buffer(visit->bytes),
                      [this, visit](const error_code& error, std::size_t) { answered_ += !error; });
  }

  Tcp::acceptor acceptor_;
  int answered_ = 0;
};

/// .value() throws what would be a mistake in this very description.
vx11::OperatorApi make_api(const std::string& url) {
  const auto http = vx11::make_net_transport();
  vx11::HealthOptions health = {.components = {{.name = "me", .check = vx11::SelfCheck{}}}};
  auto api = vx11::OperatorApi::create(
      {.auth = vx11::make_token_authenticator("token").value(),
       .router =
           vx11::Router::create({.targets = {{.name = "madre", .url = url, .transport = http}}})
               .value(),
       .health = std::make_shared<vx11::HealthAggregator>(std::move(health)),
       .power = std::make_shared<vx11::PowerStateClient>(http, url),
       .sessions = vx11::make_memory_session_store()});
  return std::move(api).value();
}

/// The status of the answer that the library's server gives to the program's own client.
std::string ask_with_asio(std::uint16_t port) {
  asio::io_context io;
  Tcp::resolver resolver(io);
  Tcp::socket socket(io);
  asio::connect(socket, resolver.resolve("127.0.0.1", std::to_string(port)));
  const std::string request =
      "GET /operator/power/state HTTP/1.1\r\nHost: localhost\r\nx-vx11-token: token\r\n\r\n";
  asio::write(socket, asio::buffer(request));
  std::string answer;
  asio::read_until(socket, asio::dynamic_buffer(answer), "\r\n\r\n");
  return answer.substr(0, answer.find("\r\n"));
}

}  // namespace

int main() {
  asio::io_context io;
  asio::signal_set signals(io, SIGUSR1);
  signals.async_wait([](const error_code&, int) {});
  Upstream upstream(io);
  std::thread own_loop([&] { io.run(); });

  // A name, so that the library's resolver is at work beside the program's.
  const std::string url = "http://localhost:" + upstream.port();
  const vx11::OperatorApi api = make_api(url);
  auto server = vx11::HttpServer::bind({.listen = "127.0.0.1:0"});
  if (!server) return 1;
  std::thread serving([&] { server->run(api); });

  const std::string by_asio = ask_with_asio(server->port());
  const auto transport = vx11::make_net_transport();
  vx11::HttpRequest request("GET", server->url(), "/operator/power/state");
  request.headers.add("x-vx11-token", "token");
  const auto by_vx11 = vx11::sync_wait(transport->send(request, {}));

  server->stop();
  serving.join();
  asio::post(io, [&] {
    upstream.stop();
    signals.cancel();
  });
  own_loop.join();
  if (by_asio != "HTTP/1.1 200 OK") return std::puts(by_asio.c_str()), 2;
  if (!by_vx11 || by_vx11->status != 200) return 3;
  if (upstream.answered() == 0) return 4;
  std::printf("beside Boost %s\n", BOOST_LIB_VERSION);
}
