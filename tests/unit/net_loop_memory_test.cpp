// What must not fail is queued to a loop without memory: resuming, closing, stopping and
// cancelling.

#include <vx11/net/timer.hpp>
#include <vx11/net/transport.hpp>

#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fake_http_server.hpp"
#include "health_fakes.hpp"
#include "net/loop/loop.hpp"
#include "net_served.hpp"
#include "threads/detached.hpp"

using namespace net_served;
using fake_http_server::FakeHttpServer;
using fake_http_server::Peer;
using fake_http_server::Script;
using vx11::Deadline;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Result;
using vx11::Task;
using vx11::net_detail::Loop;
using vx11::net_detail::ResumeOn;

namespace {

thread_local bool has_memory = true;

/// For its lifetime this thread can allocate nothing.
class NoMemory {
 public:
  NoMemory() noexcept { has_memory = false; }
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
  ~NoMemory() { has_memory = true; }
};

void* allocate(std::size_t bytes) {
  void* const memory = has_memory ? std::malloc(bytes) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

/// A loop on a thread of its own.
struct RunningLoop {
  ~RunningLoop() { loop.stop(); }
  Loop loop;
  std::jthread thread{[this] { loop.run(); }};
};

Task<void> move_to(Loop& loop, std::promise<std::thread::id>& there) {
  ResumeOn on_loop(loop);
  {
    const NoMemory none;
    co_await on_loop;
  }
  there.set_value(std::this_thread::get_id());
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

TEST_CASE("the test takes the memory away") {
  const auto fails = [] {
    const NoMemory none;
    try {
      return std::make_unique<std::string>(100, 'x') == nullptr;
    } catch (const std::bad_alloc&) {
      return true;
    }
  };
  CHECK(fails());
}

TEST_CASE("without memory a coroutine still reaches its loop") {
  RunningLoop running;
  for (int i = 0; i < 1000; ++i) {
    std::promise<std::thread::id> there;
    std::future<std::thread::id> id = there.get_future();
    auto moving = move_to(running.loop, there);
    vx11::run_detached(std::make_shared<int>(), std::move(moving));
    const std::thread::id where = id.get();
    has_memory = true;  // the block of the coroutine ended on the other thread
    CHECK(where == running.thread.get_id());
  }
}

TEST_CASE("without memory a sleep can be stopped") {
  const auto timer = vx11::make_net_timer();
  std::stop_source stop;
  vx11::fakes::Running<bool> sleeping(timer->sleep(1h, stop.get_token()));
  CHECK(vx11::sync_wait(timer->sleep(1ns, {})));  // on the same loop, so the other has begun
  CHECK_FALSE(sleeping.has_ended());
  {
    const NoMemory none;
    stop.request_stop();
  }
  CHECK_FALSE(sleeping.result());
}

TEST_CASE("without memory a call can be cancelled, while connecting and while waiting") {
  std::atomic<int> arrived = 0;
  FakeHttpServer silent(Script([&](Peer& peer) {
    peer.read_request();
    ++arrived;
    arrived.notify_all();
    peer.hang();
  }));
  std::atomic<bool> asked = false;
  std::atomic<bool> over = false;
  vx11::NetTransportOptions options;
  options.connect_timeout = 1h;
  options.look_up = [&](const std::string&) -> Result<vx11::ResolvedName> {
    asked = true;
    asked.notify_all();
    over.wait(false);
    return vx11::fail(Errc::unavailable);
  };
  {
    const auto transport = vx11::make_net_transport(options);
    const auto cancelled = [&](const std::string& origin, auto& begun) {
      std::stop_source stop;
      std::jthread stopper([&] {
        begun.wait(0);
        const NoMemory none;
        stop.request_stop();
      });
      const HttpRequest request("GET", origin, "/");
      const Deadline deadline(vx11::TimePoint::max(), stop.get_token());
      return vx11::sync_wait(transport->send(request, deadline)).error().code == Errc::cancelled;
    };
    CHECK(cancelled("http://hangs.test", asked));
    CHECK(cancelled(silent.origin(), arrived));
    over = true;
    over.notify_all();
  }
}

TEST_CASE("without memory a stream is given up on another thread than its loop's") {
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    peer.hang();
  }));
  const auto transport = vx11::make_net_transport({});
  const HttpRequest request("GET", server.origin(), "/");
  auto opened = vx11::sync_wait(transport->open(request, {}));
  REQUIRE(opened);
  const NoMemory none;
  opened->body.reset();
}

TEST_CASE_FIXTURE(GatedServer, "without memory a server stops, and ends what is under way") {
  RawHttpClient idle = connect();
  idle.send(getting("/livez", ""));
  CHECK(idle.read_answer().status == 200);
  RawHttpClient busy(server->port());
  busy.send(asking(kHello));
  gate->wait_for_caller();
  {
    const NoMemory none;
    server->stop(1h);
    server->stop(0s);
    server->stop(0s);
  }
  CHECK(running->get() >= 1);
}
