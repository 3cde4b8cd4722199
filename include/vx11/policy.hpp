#pragma once

/// \file
/// What all policies have in common: how a call looks to them, and how they look to a pipeline.
///
/// A **call** is anything that takes a `Deadline` and returns `Result<T>`, or `Task<Result<T>>` if
/// it is awaited. A **policy** is any class with these two members:
///
/// ```cpp
/// template <class Next>
/// CallResult<Next> run(Next&& next, Deadline deadline);             // Next returns Result<T>
/// template <class Next>
/// Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline);  // … Task<Result<T>>
/// ```
///
/// It calls `next` as often as it sees fit, not at all if it rejects, with the deadline it was
/// given or a nearer one, and returns what `next` returns. A policy that is only ever awaited, or
/// only ever blocked on, needs just the one member. Everything in `vx11::pipeline` is used through
/// them, so a policy of one's own stands beside the library's.
///
/// What all policies of the library promise:
/// - The policy outlives the calls that run under it. It is **thread-safe** then.
/// - It throws nothing of its own (but for want of memory). What the call or a predicate throws
///   passes through; permits, slots and queues are as they were.
/// - A rejection is an `Error` with the code `rejected` (or `circuit_open`), the reason, and
///   `retry_after` where that is known: a `Rejection`, which is what `try_acquire` returns, converted.
/// - Options are described once: `validate(options)` names every mistake, `create` refuses them, and
///   the constructor, which cannot fail, uses the nearest value that works for each.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/rejection.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <stop_token>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// What a call returns: `Result<T>` or `Task<Result<T>>`.
template <class Next>
using CallResult = std::invoke_result_t<std::remove_reference_t<Next>&, Deadline>;

namespace detail {
template <class T>
struct IsTask : std::false_type {};
template <class T>
struct IsTask<Task<T>> : std::true_type {};
}  // namespace detail

/// A call that is awaited.
template <class Next>
concept AwaitableCall = detail::IsTask<CallResult<Next>>::value;

/// What awaiting a call gives: the `Result<T>` of its `Task<Result<T>>`.
template <class Next>
using AwaitedResult = typename CallResult<Next>::value_type;

namespace detail {

/// A stop source that also stops when the caller does: for work that may be called off for one more
/// reason than the caller's.
class LinkedStop {
 public:
  explicit LinkedStop(std::stop_token outer) : link_(std::move(outer), Forward{source_}) {}

  std::stop_token token() const noexcept { return source_.get_token(); }
  void request_stop() noexcept { source_.request_stop(); }

 private:
  struct Forward {
    std::stop_source source;
    void operator()() const noexcept {
      // What stops may end the coroutine that holds this object, so work on a copy.
      std::stop_source kept = source;
      kept.request_stop();
    }
  };

  std::stop_source source_;
  std::stop_callback<Forward> link_;
};

inline tl::unexpected<Error> reject(RejectionReason reason) {
  return fail(Rejection{.reason = reason});
}

/// The names that `run` and `async_run` had before 0.2. A base of every policy.
template <class Policy>
class ExecuteNames {
 public:
  template <class Next>
  [[deprecated("use run")]] CallResult<Next> execute(Next&& next, Deadline deadline) {
    return static_cast<Policy&>(*this).run(std::forward<Next>(next), std::move(deadline));
  }
  template <class Next>
  [[deprecated("use async_run")]] Task<AwaitedResult<Next>> async_execute(Next next,
                                                                          Deadline deadline) {
    return static_cast<Policy&>(*this).async_run(std::move(next), std::move(deadline));
  }
};

}  // namespace detail

}  // namespace v0
}  // namespace vx11
