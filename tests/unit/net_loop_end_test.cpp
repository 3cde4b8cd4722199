// What is under way when an event loop ends, ends too: nothing waits for ever, and no memory is
// lost (the sanitizers' leak check).

#include <vx11/net/transport.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "net/loop/loop.hpp"
#include "threads/detached.hpp"

using namespace std::chrono_literals;
using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::net_detail::Loop;

namespace {

/// Sends `count` requests one after the other, as a router does that has several upstreams.
vx11::Detached send_some(vx11::Transport& transport, int count, std::vector<Errc>& ends) {
  for (int i = 0; i < count; ++i) {
    const HttpRequest request("GET", "http://hangs.test:8000", "/");
    const auto answer = co_await transport.send(request, Deadline());
    if (!answer) ends.push_back(answer.error().code);
  }
}

}  // namespace

TEST_CASE("a call whose look-up hangs when its loop ends is cancelled, and so are those after it") {
  struct Shared {
    std::atomic<bool> asked = false;
    std::atomic<bool> over = false;
  };
  const auto shared = std::make_shared<Shared>();
  vx11::NetTransportOptions options;
  options.look_up = [shared](const std::string&) -> vx11::Result<vx11::ResolvedName> {
    shared->asked = true;
    shared->asked.notify_all();
    shared->over.wait(false);
    return vx11::fail(Errc::unavailable);
  };
  const auto transport = vx11::make_net_transport(options);
  std::vector<Errc> ends;
  {
    Loop loop;
    loop.post([&] { send_some(*transport, 3, ends); });
    std::jthread runs([&] { loop.run(); });
    shared->asked.wait(false);
    loop.stop();
  }
  CHECK(ends == std::vector(3, Errc::cancelled));
  shared->over = true;
  shared->over.notify_all();
}

TEST_CASE("jobs that have had their share let a limited number run in each turn of the loop") {
  Loop loop;
  int others = 0;
  int ran = 0;
  std::optional<int> others_at_the_end;
  struct Counting final : vx11::QueuedJob {
    void run() override { count(); }
    std::function<void()> count = [] {};
  };
  std::vector<Counting> jobs(100);
  for (Counting& job : jobs) {
    job.count = [&] {
      if (++ran < 100) return;
      others_at_the_end = others;
      loop.stop();
    };
  }
  loop.post([&] {
    for (Counting& job : jobs) loop.post_later(job);
  });
  // Stands for another connection: gets one turn in each turn of the loop.
  std::function<void()> other = [&] {
    ++others;
    if (!others_at_the_end) loop.post(other);
  };
  loop.post(other);
  loop.run();
  CHECK(others_at_the_end.value() >= 24);
}
