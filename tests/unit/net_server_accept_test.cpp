// The event-driven server accepts many connections at once, and survives a lack of descriptors.

#include <deque>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include "net_served.hpp"

using namespace net_served;

namespace {

/// While it lives, this process can open exactly one more descriptor.
class OneDescriptorLeft {
 public:
  OneDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next) + 1;
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~OneDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// Clients that have connected before the server runs, so that it finds all of them at once.
struct Waiting : Served {
  void wait(int number) {
    api();
    server.emplace(HttpServer::bind(serve).value());
    for (int i = 0; i < number; ++i) clients.emplace_back(server->port());
  }
  void run() {
    running = std::async(std::launch::async, [this] { return server->run(api()); });
  }
  /// One after the other, each closed before the next request.
  void serve_all() {
    for (; !clients.empty(); clients.pop_front()) {
      clients.front().send(getting("/livez"));
      CHECK(clients.front().read_answer().status == 200);
    }
  }

  std::deque<RawHttpClient> clients;
};

}  // namespace

TEST_CASE_FIXTURE(Waiting, "all connected clients are served, however many at once") {
  wait(200);
  run();
  serve_all();
}

TEST_CASE_FIXTURE(Waiting, "a server out of descriptors accepts again as soon as one is free") {
  wait(4);
  const OneDescriptorLeft scarce;
  run();
  serve_all();
}

TEST_CASE_FIXTURE(Waiting, "a server says whether it accepts connections") {
  wait(1);
  CHECK_FALSE(server->is_accepting());
  run();
  serve_all();
  CHECK(server->is_accepting());
  {
    const OneDescriptorLeft scarce;
    RawHttpClient last(server->port());
    last.send(getting("/livez"));
    while (server->is_accepting()) std::this_thread::yield();
  }
  while (!server->is_accepting()) std::this_thread::yield();
  server->stop(0s);
  running->wait();
  CHECK_FALSE(server->is_accepting());
}
