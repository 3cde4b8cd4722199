#pragma once

/// \file
/// `BlockingPool`: threads for blocking work that coroutines await.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Options of a pool. `validate` reports values out of range; the constructor raises them to 1.
struct BlockingPoolOptions {
  /// With one, calls run one after the other in the order of their arrival, as a database
  /// connection or a file needs it. More for calls that do not depend on each other. Threads start
  /// when they are needed, so an unused pool costs none.
  std::size_t threads = 1;
  /// The most calls that wait for a thread; further ones are rejected. At 1 ms a call the default
  /// is a wait of a second, which is about what clients bear.
  std::size_t queue = 1'024;
  SteadyClock clock = {};  ///< By which the deadlines of calls pass.
};

/// \return one `invalid_argument` error that lists every invalid field
VX11_API Result<> validate(const BlockingPoolOptions& options);

namespace detail {

/// What a pool runs once, on one of its threads. Part of the coroutine that waits for it.
class VX11_API BlockingCall {
 public:
  BlockingCall() = default;
  BlockingCall(const BlockingCall&) = delete;
  BlockingCall& operator=(const BlockingCall&) = delete;
  virtual void call() noexcept = 0;

 protected:
  ~BlockingCall() = default;
};

/// The result of a call: that of `Function`, in a `Result` unless it is one already.
template <class Value>
struct BlockingResultOf {
  using Type = Result<Value>;
};
template <class Value>
struct BlockingResultOf<Result<Value>> {
  using Type = Result<Value>;
};
template <std::invocable Function>
using BlockingResult = typename BlockingResultOf<std::invoke_result_t<Function&>>::Type;

template <class Function>
class BlockingCallOf final : public BlockingCall {
 public:
  explicit BlockingCallOf(Function& function) noexcept : function_(function) {}

  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
        function_();
        result_.emplace();
      } else {
        result_.emplace(function_());
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  BlockingResult<Function> take() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return std::move(*result_);
  }

 private:
  Function& function_;
  std::optional<BlockingResult<Function>> result_ = std::nullopt;
  std::exception_ptr failure_ = nullptr;
};

}  // namespace detail

/// Runs blocking functions for coroutines, whose event loops must not block: files, databases,
/// name services, and libraries that know no event loop.
///
/// ```cpp
/// vx11::Task<vx11::Result<std::string>> read_report(vx11::BlockingPool& disk, std::string path) {
///   auto reading = disk.run([&path] { return contents_of(path); });
///   co_return co_await std::move(reading);
/// }
/// ```
/// Name the task before it is awaited, as here: g++ 12 miscompiles a lambda with captures within a
/// `co_await` expression.
///
/// Awaited on an event loop, `run` suspends and resumes there; on any other thread it blocks that
/// thread. The function always runs on a thread of the pool. It must not wait for another call of
/// the same pool, which may need its thread.
///
/// **Thread-safe.** Outlives its calls' tasks, but may be destroyed as soon as they have ended; the
/// destructor then waits for no function. Must be destroyed before the event loops that await it.
class VX11_API BlockingPool {
 public:
  explicit BlockingPool(BlockingPoolOptions options = {});
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// Ends the threads, after the calls that still wait.
  ~BlockingPool();

  /// Calls `function` on a thread of the pool.
  /// \param deadline a call whose turn comes later, or after its stop token has fired, is not made;
  ///                 one that has begun is not interrupted
  /// \return what `function` returns, which may be a `Result` itself; `rejected` if too many calls
  ///         wait, `timeout` or `cancelled` by `deadline`, `exhausted` if no thread can be started.
  ///         An exception of `function` is thrown to the caller.
  template <std::invocable Function>
  Task<detail::BlockingResult<Function>> run(Function function, Deadline deadline = {}) {
    detail::BlockingCallOf<Function> call(function);
    Task<Result<>> running = run_call(call, std::move(deadline));
    Result<> made = co_await std::move(running);
    if (!made) co_return fail(std::move(made.error()));
    co_return call.take();
  }

  /// Calls that wait for a thread.
  std::size_t waiting() const;

 private:
  class Impl;

  Task<Result<>> run_call(detail::BlockingCall& call, Deadline deadline);

  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
