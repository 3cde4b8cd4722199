#pragma once

/// \file
/// One event loop: an io_context that one thread runs, its timers, and what it keeps for others.
/// Internal.

#include <coroutine>
#include <cstdint>
#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "../detour.hpp"
#include "poller.hpp"
#include "timer_wheel.hpp"

namespace vx11::inline v0::asio_detail {

/// Everything in a loop is touched by the thread that runs it and by no other; what comes from
/// outside is posted.
class Loop : public Home {
 public:
  Loop() : io(1), timers(io), poller(io) {}
  /// Lets what is left end in order: pools close their connections, whose handlers then run dry,
  /// while timers are still there to be disarmed.
  ~Loop() override {
    locals_.clear();
    io.restart();
    io.poll();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The loop that the calling thread runs, or null.
  static Loop* current() noexcept { return current_; }

  /// Runs until stopped.
  void run() {
    const Stay stay(*this);
    current_ = this;
    io.run();
    current_ = nullptr;
  }

  void resume_here(std::coroutine_handle<> waiting) override {
    boost::asio::post(io, [waiting] { waiting.resume(); });
  }

  /// What `owner` keeps on this loop; made on first use, gone with the loop.
  template <class T, class... Args>
  T& local(std::uint64_t owner, Args&&... args) {
    std::shared_ptr<void>& kept = locals_[owner];
    if (!kept) kept = std::make_shared<T>(std::forward<Args>(args)...);
    return *static_cast<T*>(kept.get());
  }

  boost::asio::io_context io;
  TimerWheel timers;
  Poller poller;

 private:
  static inline thread_local Loop* current_ = nullptr;
  std::map<std::uint64_t, std::shared_ptr<void>> locals_;
};

/// `co_await ResumeOn(loop)`: goes on on that loop's thread; at once if it is there already.
class ResumeOn {
 public:
  explicit ResumeOn(Loop& loop) noexcept : loop_(loop) {}
  bool await_ready() const noexcept { return Loop::current() == &loop_; }
  void await_suspend(std::coroutine_handle<> waiting) const { loop_.resume_here(waiting); }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
};

}  // namespace vx11::inline v0::asio_detail
