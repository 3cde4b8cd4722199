#pragma once

/// \file
/// `pipeline`: policies around a call, in a stated order.

#include <vx11/guard.hpp>
#include <vx11/policy.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace detail {

/// A policy that someone else keeps.
template <class Policy>
class SharedPolicy {
 public:
  explicit SharedPolicy(std::shared_ptr<Policy> policy) noexcept : policy_(std::move(policy)) {}

  template <class Next>
  CallResult<Next> execute(Next&& next, Deadline deadline) {
    return policy_->execute(std::forward<Next>(next), std::move(deadline));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_execute(Next next, Deadline deadline) {
    return policy_->async_execute(std::move(next), std::move(deadline));
  }

 private:
  std::shared_ptr<Policy> policy_;
};

/// What a pipeline keeps of what it is given.
template <class Policy>
auto as_policy(std::shared_ptr<Policy> policy) {
  if constexpr (GivesPermits<Policy>) {
    return guard(std::move(policy));
  } else {
    return SharedPolicy<Policy>(std::move(policy));
  }
}
template <class Policy>
auto as_policy(Policy& policy) {
  if constexpr (std::is_const_v<Policy>) {
    return std::remove_const_t<Policy>(policy);
  } else {
    return as_policy(std::shared_ptr<Policy>(std::shared_ptr<void>(), &policy));
  }
}
template <class Policy>
requires(!std::is_lvalue_reference_v<Policy>) auto as_policy(Policy&& policy) {
  static_assert(std::move_constructible<Policy>,
                "name this policy first, or share it: it can be neither copied nor moved");
  return std::forward<Policy>(policy);
}

/// The call at the centre, which may leave the deadline unread.
template <class Function>
class Innermost {
 public:
  explicit Innermost(Function function) : function_(std::move(function)) {}

  auto operator()(Deadline deadline) {
    if constexpr (std::invocable<Function&, Deadline>) {
      return function_(std::move(deadline));
    } else {
      return function_();
    }
  }

 private:
  Function function_;
};

}  // namespace detail

/// Policies around a call, the first outermost. Made by `pipeline`.
///
/// A pipeline is itself a policy, so pipelines nest. **Thread-safe** if its policies are. Movable.
/// **Lifetime**: it outlives the calls that run through it, and so do the policies it refers to.
template <class... Policies>
class Pipeline {
 public:
  explicit Pipeline(Policies... policies) : policies_(std::move(policies)...) {}

  /// Makes the call `function` under the policies.
  ///
  /// `function` takes a `Deadline` or nothing. It returns `Result<T>`, and so does this, blocking;
  /// or `Task<Result<T>>`, and so does this: nothing has happened then until the task is awaited.
  /// It is kept until the call has ended, and is called once for each try. What it refers to
  /// outlives the call. A lambda that is itself a coroutine may capture: it lives as long as its
  /// tasks.
  template <class Function>
  auto run(Function function, Deadline deadline = {}) {
    using Call = detail::Innermost<Function>;
    Call call(std::move(function));
    if constexpr (AwaitableCall<Call>) {
      return async_execute(std::move(call), std::move(deadline));
    } else {
      return execute(call, std::move(deadline));
    }
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> execute(Next&& next, Deadline deadline) {
    Layer<0, std::remove_reference_t<Next>> outermost(policies_, next);
    return outermost(std::move(deadline));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_execute(Next next, Deadline deadline) {
    Layer<0, Next> outermost(policies_, next);
    auto call = outermost(std::move(deadline));
    co_return co_await std::move(call);
  }
  /// \}

 private:
  /// The policies from the I-th on, as a call. Refers to what the pipeline's own frame holds.
  template <std::size_t I, class Next>
  class Layer {
   public:
    Layer(std::tuple<Policies...>& policies, Next& next) noexcept
        : policies_(&policies), next_(&next) {}

    CallResult<Next> operator()(Deadline deadline) {
      if constexpr (I == sizeof...(Policies)) {
        return (*next_)(std::move(deadline));
      } else if constexpr (AwaitableCall<Next>) {
        return std::get<I>(*policies_).async_execute(inner(), std::move(deadline));
      } else {
        return std::get<I>(*policies_).execute(inner(), std::move(deadline));
      }
    }

   private:
    auto inner() const noexcept { return Layer<I + 1, Next>(*policies_, *next_); }

    std::tuple<Policies...>* policies_;
    Next* next_;
  };

  std::tuple<Policies...> policies_;
};

/// Composes policies, the first outermost:
///
/// ```cpp
/// // retry(breaker(timeout(call)))
/// auto guarded = vx11::pipeline(retry, breaker, vx11::Timeout(2s));
/// vx11::Result<int> answer = guarded.run([&](vx11::Deadline d) { return ask(d); }, deadline);
/// ```
///
/// Each is a named policy, which is referred to and has to outlive the pipeline (a constant one is
/// copied); a `std::shared_ptr`, which is shared; or a temporary, which is moved in. Besides
/// policies it takes what gives permits, a `CircuitBreaker` or an `AdaptiveLimit`, judged by
/// `CallVerdict`; `guard` judges otherwise. In which order to compose: docs/resilience.md.
template <class... Given>
auto pipeline(Given&&... policies) {
  return Pipeline<decltype(detail::as_policy(std::forward<Given>(policies)))...>(
      detail::as_policy(std::forward<Given>(policies))...);
}

}  // namespace v0
}  // namespace vx11
