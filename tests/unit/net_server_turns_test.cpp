// Whether the loops of the event-driven server turn, as a watchdog asks.

#include <future>
#include <thread>

#include "net_served.hpp"

using namespace net_served;

namespace {

/// A server with a route that blocks its loop until the test releases it.
struct Blockable : Served {
  std::promise<void> entered;
  std::promise<void> leave;
  std::shared_ptr<vx11::HttpHandler> routes =
      vx11::HttpRoutes()
          .get("/block",
               [this](const vx11::HttpRequest&) {
                 auto& self = const_cast<Blockable&>(*this);
                 self.entered.set_value();
                 self.leave.get_future().wait();
                 return vx11::HttpResponse(200, "text/plain", "done");
               })
          .build()
          .value();

  void await_turn() const {
    while (!const_cast<Blockable&>(*this).server->has_turned()) std::this_thread::yield();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Blockable, "idle loops turn when they are asked") {
  serve.threads = 3;
  start(*routes);
  for (int i = 0; i < 10; ++i) await_turn();
}

TEST_CASE_FIXTURE(Blockable, "one blocked loop of several is seen until it continues") {
  serve.threads = 2;
  start(*routes);
  await_turn();
  RawHttpClient blocking(server->port());
  blocking.send(getting("/block", ""));
  entered.get_future().wait();
  server->has_turned();  // asks both loops
  for (int i = 0; i < 10; ++i) CHECK_FALSE(server->has_turned());
  leave.set_value();
  CHECK(blocking.read_answer().status == 200);
  await_turn();
}

TEST_CASE_FIXTURE(Blockable, "a server that has stopped does not turn") {
  start(*routes);
  await_turn();
  server->stop(0s);
  running->get();
  server->has_turned();
  CHECK_FALSE(server->has_turned());
}
