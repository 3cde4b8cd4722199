#include <vx11/net/server.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/vx11.hpp>

#include "httplib.h"

int main() {
  httplib::Server mine;
  if (mine.answer(httplib::Request()) != 5) return 1;
  auto router = vx11::Router::create({.targets = {{.name = "madre",
                                                   .url = "http://127.0.0.1:1",
                                                   .transport = vx11::make_net_transport()}}});
  if (!router) return 2;
  const auto reply = router->ask(vx11::ChatRequest("hi", "session-001"));
  return !reply && reply.error().code == vx11::Errc::unreachable ? 0 : 3;
}
