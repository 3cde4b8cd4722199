#pragma once

/// \file
/// The interface of all policies: what a call is, and what a policy is.
///
/// A **call** is a callable that takes a `Deadline` and returns `Result<T>`, or `Task<Result<T>>`
/// if it is awaited. A **policy** is any class with these two members:
///
/// ```cpp
/// template <class Next>
/// CallResult<Next> run(Next&& next, Deadline deadline);             // Next returns Result<T>
/// template <class Next>
/// Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline);  // … Task<Result<T>>
/// ```
///
/// It calls `next` any number of times, not at all if it rejects, with the given deadline or an
/// earlier one, and returns the result type of `next`. A policy used only for awaited or only for
/// blocking calls needs just one of the members. `vx11::pipeline` uses only these members, so
/// user-defined policies work like the library's.
///
/// Guarantees of all policies of the library:
/// - A policy is **thread-safe**. It must outlive the calls that run under it.
/// - It throws nothing itself except `std::bad_alloc`. Exceptions from the call or a predicate pass
///   through; permits, slots and queues are restored.
/// - A rejection is an `Error` with the code `rejected` (or `circuit_open`), the reason, and
///   `retry_after` if known: the `Rejection` that `try_acquire` returns, converted.
/// - Options are handled alike: `validate(options)` lists every invalid field, `create` rejects
///   invalid options, and the constructor, which cannot fail, clamps each field to the nearest
///   valid value.

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

/// The return type of a call: `Result<T>` or `Task<Result<T>>`.
template <class Next>
using CallResult = std::invoke_result_t<std::remove_reference_t<Next>&, Deadline>;

namespace detail {
template <class T>
struct IsTask : std::false_type {};
template <class T>
struct IsTask<Task<T>> : std::true_type {};

template <class Returned>
struct Awaited {
  static_assert(IsTask<Returned>::value,
                "async_run() awaits the call, and this one returns no Task: call run()");
  using type = typename Returned::value_type;
};
}  // namespace detail

/// A call that is awaited.
template <class Next>
concept AwaitableCall = detail::IsTask<CallResult<Next>>::value;

/// The result of awaiting a call: the `Result<T>` of its `Task<Result<T>>`.
template <class Next>
using AwaitedResult = typename detail::Awaited<CallResult<Next>>::type;

namespace detail {

/// A stop source that also stops when the caller's token fires: for work that can be cancelled for
/// one more reason.
class LinkedStop {
 public:
  explicit LinkedStop(std::stop_token outer) : link_(std::move(outer), Forward{source_}) {}

  std::stop_token token() const noexcept { return source_.get_token(); }
  void request_stop() noexcept { source_.request_stop(); }

 private:
  struct Forward {
    std::stop_source source;
    void operator()() const noexcept {
      // Stopping may end the coroutine that holds this object, so use a copy.
      std::stop_source kept = source;
      kept.request_stop();
    }
  };

  std::stop_source source_;
  std::stop_callback<Forward> link_;
};

/// Whether a policy may call `next` more than once. True unless `next` has a member `may_repeat`
/// that returns false, as a request has that is not idempotent.
template <class Next>
bool may_repeat(const Next& next) noexcept {
  if constexpr (requires { next.may_repeat(); }) {
    return next.may_repeat();
  } else {
    return true;
  }
}

inline tl::unexpected<Error> reject(RejectionReason reason) {
  return fail(Rejection{.reason = reason});
}

/// The names of `run` and `async_run` before 0.2. A base class of every policy.
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
