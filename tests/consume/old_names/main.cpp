#include <vx11/asio_timer.hpp>
#include <vx11/probe/redis.hpp>
#include <vx11/retry.hpp>
#include <vx11/server/asio.hpp>
#include <vx11/transport/asio.hpp>
#include <vx11/transport/policed.hpp>

int main() {
  const auto server = vx11::AsioServer::bind({.listen = "127.0.0.1:0"});
  if (!server) return 1;
  const auto transport = vx11::make_asio_transport(vx11::AsioTransportOptions());
  if (vx11::with_policies(transport, vx11::Retry()) == nullptr) return 2;
  if (vx11::make_asio_timer() == nullptr) return 3;
  return vx11::make_redis_probe("redis://127.0.0.1:6379") ? 0 : 4;
}
