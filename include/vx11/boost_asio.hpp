#pragma once

/// \file
/// A bridge between the library's tasks and Boost.Asio's awaitables. No other header includes this
/// one, and no library of this project links Boost: a program that includes it brings its own
/// Boost.Asio, 1.74 or newer, of any version. With clang and libstdc++ Asio needs
/// `-DBOOST_ASIO_HAS_CO_AWAIT=1` for the whole program: it looks for libc++'s coroutines only.

#include <vx11/task.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#if !defined(BOOST_ASIO_HAS_CO_AWAIT)
#error "Boost.Asio finds no coroutines: with clang and libstdc++ define BOOST_ASIO_HAS_CO_AWAIT=1"
#endif

namespace vx11 {
inline namespace v0 {
namespace boost_asio {

namespace detail {

/// A completion handler that waits for a task. Deletes itself when it is posted.
template <class Handler>
struct TaskWaiter {
  explicit TaskWaiter(Handler given)
      : handler(std::move(given)), work(boost::asio::get_associated_executor(handler)) {}

  /// Resumes the coroutine of Asio on its own executor.
  static void post(void* self) {
    const std::unique_ptr<TaskWaiter> waiter(static_cast<TaskWaiter*>(self));
    boost::asio::post(waiter->work.get_executor(), std::move(waiter->handler));
  }

  Handler handler;
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work;
};

/// Starts the task; the handler is posted when the task has ended.
template <class T>
struct StartTask {
  Task<T>* task;

  template <class Handler>
  void operator()(Handler handler) const {
    using Waiter = TaskWaiter<Handler>;
    auto waiter = std::make_unique<Waiter>(std::move(handler));
    Waiter* raw = waiter.release();  // deleted by post
    if (vx11::detail::TaskAccess::start(*task, &Waiter::post, raw)) Waiter::post(raw);
  }
};

/// Awaits a coroutine of Asio in a task.
template <class T>
class SpawnAwaiter {
 public:
  SpawnAwaiter(boost::asio::any_io_executor executor, boost::asio::awaitable<T> work)
      : executor_(std::move(executor)), work_(std::move(work)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    if constexpr (std::is_void_v<T>) {
      boost::asio::co_spawn(executor_, std::move(work_),
                            [this, waiting](std::exception_ptr thrown) {
                              thrown_ = std::move(thrown);
                              waiting.resume();
                            });
    } else {
      boost::asio::co_spawn(executor_, std::move(work_),
                            [this, waiting](std::exception_ptr thrown, T value) {
                              thrown_ = std::move(thrown);
                              value_.emplace(std::move(value));
                              waiting.resume();
                            });
    }
  }
  T await_resume() {
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  using Kept = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  boost::asio::any_io_executor executor_;
  boost::asio::awaitable<T> work_;
  std::exception_ptr thrown_ = nullptr;
  std::optional<Kept> value_ = std::nullopt;
};

}  // namespace detail

/// `task` as an awaitable of Asio:
///
/// ```
/// auto reply = co_await vx11::boost_asio::as_awaitable(router.async_ask(chat, deadline));
/// ```
///
/// The task starts when it is awaited, on that thread. The coroutine of Asio resumes on its own
/// executor, whichever thread the task ended on, and the executor has work until then. An exception
/// of the task is thrown to it. To cancel, fire the stop token of the deadline that the task was
/// given; Asio's own cancellation does not reach the task.
template <class T>
boost::asio::awaitable<T> as_awaitable(Task<T> task) {
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      detail::StartTask<T>{&task}, boost::asio::use_awaitable);
  co_return vx11::detail::TaskAccess::take(task);
}

/// A coroutine of Asio as a task, for a transport, a probe or a handler that is written with Asio.
/// It runs on `executor`, where the awaiting coroutine then resumes. `T` is default-constructible,
/// as Asio requires. An exception is thrown to the task.
template <class T>
Task<T> as_task(boost::asio::any_io_executor executor, boost::asio::awaitable<T> work) {
  detail::SpawnAwaiter<T> spawned(std::move(executor), std::move(work));
  co_return co_await spawned;
}

}  // namespace boost_asio
}  // namespace v0
}  // namespace vx11
