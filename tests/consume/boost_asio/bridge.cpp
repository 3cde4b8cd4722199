// What the bridge promises: values, errors, exceptions and threads, both ways.
#include <vx11/background_timer.hpp>
#include <vx11/boost_asio.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;
namespace bridge = vx11::boost_asio;
using namespace std::chrono_literals;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("FAIL %s\n", what);
  ++failures;
}

vx11::Task<int> seven() {
  return vx11::Task<int>(7);
}

vx11::Task<std::thread::id> elsewhere() {
  auto sleep = vx11::background_timer()->sleep(1ms, {});
  co_await std::move(sleep);
  co_return std::this_thread::get_id();
}

vx11::Task<void> throwing() {
  auto sleep = vx11::background_timer()->sleep(1ms, {});
  co_await std::move(sleep);
  throw std::runtime_error("scripted");
}

asio::awaitable<int> eight() {
  co_return 8;
}
asio::awaitable<void> throws_itself() {
  throw std::logic_error("scripted");
  co_return;
}

vx11::Task<int> awaits_asio(asio::any_io_executor executor) {
  auto work = bridge::as_task(executor, eight());
  const int value = co_await std::move(work);
  auto failing = bridge::as_task(executor, throws_itself());
  bool thrown = false;
  try {
    co_await std::move(failing);
  } catch (const std::logic_error&) {
    thrown = true;
  }
  check(thrown, "an exception of Asio's coroutine is thrown to the task");
  co_return value;
}

asio::awaitable<void> everything(std::thread::id own) {
  check(co_await bridge::as_awaitable(seven()) == 7, "a task that is ready is awaited");
  const std::thread::id other = co_await bridge::as_awaitable(elsewhere());
  check(other != own, "the task ended on another thread");
  check(std::this_thread::get_id() == own, "the coroutine resumes on its own executor");
  bool thrown = false;
  try {
    co_await bridge::as_awaitable(throwing());
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  check(thrown, "an exception of the task is thrown to the coroutine");
  auto executor = co_await asio::this_coro::executor;
  check(co_await bridge::as_awaitable(awaits_asio(executor)) == 8, "both ways nest");
  for (int i = 0; i < 10000; ++i) {
    if (co_await bridge::as_awaitable(seven()) != 7) check(false, "a loop of ready tasks");
  }
}

}  // namespace

int main() {
  asio::io_context context;
  bool ended = false;
  asio::co_spawn(context, everything(std::this_thread::get_id()), [&](std::exception_ptr thrown) {
    check(thrown == nullptr, "nothing is thrown out");
    ended = true;
  });
  context.run();
  check(ended, "the executor has work until the task has ended");
  return failures == 0 ? 0 : 1;
}
