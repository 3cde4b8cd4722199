#pragma once

/// \file
/// The parts of `CircuitBreaker::execute`. Internal.

#include <vx11/circuit_breaker/types.hpp>
#include <vx11/circuit_breaker/verdict.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// What guarding a call that returns `T` results in: a `Result<T>` keeps its value type, anything
/// else becomes one.
template <class T>
struct Guarded {
  using type = Result<T, CircuitError>;
  static type from(T value) { return type(std::move(value)); }
};
template <>
struct Guarded<void> {
  using type = Result<void, CircuitError>;
};
template <class T>
struct Guarded<Result<T>> {
  using type = Result<T, CircuitError>;
  static type from(Result<T> result) {
    if (!result) return tl::unexpected(CircuitError(std::move(result.error())));
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return type(*std::move(result));
    }
  }
};
template <class Call>
using GuardOf = Guarded<std::remove_cvref_t<std::invoke_result_t<Call>>>;
template <class Call>
using GuardedResult = typename GuardOf<Call>::type;

template <class T>
concept Awaitable = requires(T&& value) {
  std::forward<T>(value).operator co_await();
}
|| requires(T&& value) {
  operator co_await(std::forward<T>(value));
};

/// Makes the call; an exception from it is a failure and goes on to the caller.
template <class Permit, class Call>
std::invoke_result_t<Call> call_under(Permit& permit, Call&& call) {
  try {
    return std::invoke(std::forward<Call>(call));
  } catch (...) {
    permit.failure();
    throw;
  }
}

/// Makes the call and judges it. If judging throws, the permit goes back without a verdict.
template <class Permit, class Call, class Classify>
GuardedResult<Call> call_and_judge(Permit& permit, Call&& call, Classify&& classify) {
  if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
    call_under(permit, std::forward<Call>(call));
    permit.success();
    return {};
  } else {
    auto result = call_under(permit, std::forward<Call>(call));
    permit.record(std::invoke(std::forward<Classify>(classify), std::as_const(result)));
    return GuardOf<Call>::from(std::move(result));
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
