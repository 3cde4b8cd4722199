#include "loops.hpp"

#include <thread>

#include <boost/asio/executor_work_guard.hpp>

namespace upstream {

Loops::Loops(std::size_t threads) {
  // Concurrency hint 1: one thread runs each loop, which saves wake-ups.
  for (std::size_t i = 0; i < threads; ++i) loops_.push_back(std::make_unique<asio::io_context>(1));
}

Loops::~Loops() {
  // The order matters: an accept in progress on the first loop may hold a socket of another loop.
  for (auto& loop : loops_) loop.reset();
}

asio::io_context& Loops::next() {
  turn_ = (turn_ + 1) % loops_.size();
  return *loops_[turn_];
}

void Loops::run() {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < loops_.size(); ++i) {
    threads.emplace_back([&loop = *loops_[i]] {
      auto guard = asio::make_work_guard(loop);
      loop.run();
    });
  }
  first().run();
  for (auto& thread : threads) thread.join();
}

void Loops::stop() {
  for (auto& loop : loops_) loop->stop();
}

}  // namespace upstream
