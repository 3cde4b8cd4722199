#pragma once

/// \file
/// `pipeline`: composes policies around a call, in a given order.

#include <vx11/guard.hpp>
#include <vx11/policy.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace detail {

template <class Policy, class Next>
concept HasRun = requires(Policy& policy, Next next, Deadline deadline) {
  policy.run(next, deadline);
};
template <class Policy, class Next>
concept HasAsyncRun = requires(Policy& policy, Next next, Deadline deadline) {
  policy.async_run(next, deadline);
};

/// The one place of the text that names a policy's members.
template <bool has_members>
constexpr void require_members() noexcept {
  static_assert(has_members,
                "a policy of a pipeline has run(next, deadline), and async_run for awaited calls: "
                "see <vx11/policy.hpp>; the call itself is given to Pipeline::run");
}

/// Adapts a user-defined policy from before 0.2 with the member names of that time.
template <class Policy>
class NamedExecute {
 public:
  template <class Next>
  [[deprecated("rename the policy's member execute to run")]] static auto run(Policy& policy,
                                                                              Next next,
                                                                              Deadline deadline) {
    return policy.execute(std::move(next), std::move(deadline));
  }
  template <class Next>
  [[deprecated("rename the policy's member async_execute to async_run")]] static auto async_run(
      Policy& policy, Next next, Deadline deadline) {
    return policy.async_execute(std::move(next), std::move(deadline));
  }
};

/// Calls `next` under `policy`, blocking or awaited, depending on `next`.
template <class Policy, class Next>
CallResult<Next> run_under(Policy& policy, Next next, Deadline deadline) {
  if constexpr (AwaitableCall<Next>) {
    if constexpr (HasAsyncRun<Policy, Next>) {
      return policy.async_run(std::move(next), std::move(deadline));
    } else {
      constexpr bool is_named = requires {
        policy.async_execute(next, deadline);
      };
      require_members<is_named>();
      return NamedExecute<Policy>::async_run(policy, std::move(next), std::move(deadline));
    }
  } else if constexpr (HasRun<Policy, Next>) {
    return policy.run(std::move(next), std::move(deadline));
  } else {
    constexpr bool is_named = requires {
      policy.execute(next, deadline);
    };
    require_members<is_named>();
    return NamedExecute<Policy>::run(policy, std::move(next), std::move(deadline));
  }
}

/// A policy held by shared pointer or reference.
template <class Policy>
class SharedPolicy {
 public:
  explicit SharedPolicy(std::shared_ptr<Policy> policy) noexcept : policy_(std::move(policy)) {}

  template <class Next>
  CallResult<Next> run(Next next, Deadline deadline) const {
    return run_under(*policy_, std::move(next), std::move(deadline));
  }
  template <class Next>
  CallResult<Next> async_run(Next next, Deadline deadline) const {
    return run_under(*policy_, std::move(next), std::move(deadline));
  }

 private:
  std::shared_ptr<Policy> policy_;
};

template <class Policy>
auto as_policy(std::shared_ptr<Policy> policy) {
  if constexpr (GivesPermits<Policy>) {
    return guard(std::move(policy));
  } else {
    return SharedPolicy<Policy>(std::move(policy));
  }
}
template <class Policy>
auto as_policy(std::reference_wrapper<Policy> policy) {
  return as_policy(std::shared_ptr<Policy>(std::shared_ptr<void>(), &policy.get()));
}
/// A policy given by value is kept by value.
template <class Policy>
Policy as_policy(Policy policy) {
  return policy;
}

template <class Given>
inline constexpr bool kKeepable = std::constructible_from<std::remove_cvref_t<Given>, Given>;

/// The type under which a pipeline keeps `Given`.
template <class Given>
decltype(auto) keep_policy(Given&& given) {
  static_assert(kKeepable<Given>,
                "a pipeline keeps its policies, and this one can be neither copied nor moved: give "
                "std::ref(policy), and keep the policy as long as the pipeline, or a "
                "std::shared_ptr to it");
  if constexpr (kKeepable<Given>) {
    return as_policy(std::remove_cvref_t<Given>(std::forward<Given>(given)));
  }
}

/// The result of a call that returns `T`: a `Result` unchanged, anything else as the value of one;
/// of a task, the same inside a task.
template <class T>
struct AsCallResult {
  using type = Result<T>;
};
template <class T, class E>
struct AsCallResult<tl::expected<T, E>> {
  using type = tl::expected<T, E>;
};
template <class T>
struct AsCallResult<Task<T>> {
  using type = Task<typename AsCallResult<T>::type>;
};

/// The innermost call, which may ignore the deadline and return a plain value or nothing.
template <class Function>
class Innermost {
  static_assert(std::invocable<Function&, Deadline> || std::invocable<Function&>,
                "the function that a pipeline runs takes a Deadline or nothing");

 public:
  explicit Innermost(Function function) : function_(std::move(function)) {}

  auto operator()(Deadline deadline) {
    using Returned = std::remove_cvref_t<decltype(call(std::move(deadline)))>;
    using Wanted = typename AsCallResult<Returned>::type;
    if constexpr (std::is_same_v<Returned, Wanted>) {
      return call(std::move(deadline));
    } else if constexpr (IsTask<Returned>::value) {
      return awaited<typename Wanted::value_type>(call(std::move(deadline)));
    } else if constexpr (std::is_void_v<Returned>) {
      call(std::move(deadline));
      return Wanted();
    } else {
      return Wanted(call(std::move(deadline)));
    }
  }
  bool may_repeat() const noexcept { return detail::may_repeat(function_); }

 private:
  decltype(auto) call(Deadline deadline) {
    if constexpr (std::invocable<Function&, Deadline>) {
      return function_(std::move(deadline));
    } else {
      return function_();
    }
  }

  template <class R, class T>
  static Task<R> awaited(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      co_return R();
    } else {
      T value = co_await std::move(task);
      co_return R(std::move(value));
    }
  }

  Function function_;
};

}  // namespace detail

/// Policies around a call, the first outermost. Made by `pipeline`.
///
/// A pipeline is itself a policy, so pipelines nest. **Thread-safe** if its policies are, as all
/// policies of this library are. Copyable and movable if its policies are.
/// **Lifetime**: it must outlive the calls that run through it. It owns policies given by value or
/// by `std::shared_ptr`; policies given by `std::ref` must outlive it.
template <class... Policies>
class Pipeline : public detail::ExecuteNames<Pipeline<Policies...>> {
 public:
  explicit Pipeline(Policies... policies) : policies_(std::move(policies)...) {}

  /// Runs `function` under the policies and blocks until there is a result.
  ///
  /// `function` takes a `Deadline` or nothing. A `Result<T>` that it returns is returned, any other
  /// `T` or nothing as a `Result<T>` or `Result<void>` with that value. It is called once per
  /// attempt. Everything it refers to must outlive the call.
  template <class Function>
  requires(!AwaitableCall<detail::Innermost<Function>>) auto run(Function function,
                                                                 Deadline deadline = {}) const {
    detail::Innermost<Function> call(std::move(function));
    Layer<0, detail::Innermost<Function>> outermost(policies_, call);
    return outermost(std::move(deadline));
  }

  /// The same for a `function` that returns `Task<Result<T>>` or `Task<T>`; this returns
  /// `Task<Result<T>>`. Nothing runs until the task is awaited. `function` is kept until the call
  /// has ended. A lambda that is itself a coroutine may capture: it outlives its tasks.
  template <class Function>
  Task<AwaitedResult<detail::Innermost<Function>>> async_run(Function function,
                                                             Deadline deadline = {}) const {
    detail::Innermost<Function> call(std::move(function));
    Layer<0, detail::Innermost<Function>> outermost(policies_, call);
    auto running = outermost(std::move(deadline));
    co_return co_await std::move(running);
  }

  template <class Function>
  requires(AwaitableCall<detail::Innermost<Function>>)
      [[deprecated("use async_run")]] auto run(Function function, Deadline deadline = {}) const {
    return async_run(std::move(function), std::move(deadline));
  }

 private:
  /// The policies from index I on, as a call. Refers to objects in the frame of `run`.
  template <std::size_t I, class Next>
  class Layer {
   public:
    Layer(std::tuple<Policies...>& policies, Next& next) noexcept
        : policies_(&policies), next_(&next) {}

    CallResult<Next> operator()(Deadline deadline) {
      if constexpr (I == sizeof...(Policies)) {
        return (*next_)(std::move(deadline));
      } else {
        return detail::run_under(std::get<I>(*policies_), Layer<I + 1, Next>(*policies_, *next_),
                                 std::move(deadline));
      }
    }

    bool may_repeat() const noexcept { return detail::may_repeat(*next_); }

   private:
    std::tuple<Policies...>* policies_;
    Next* next_;
  };

  /// Mutable because policies with counters change with every call; they are thread-safe.
  mutable std::tuple<Policies...> policies_;
};

/// Composes policies, the first outermost:
///
/// ```cpp
/// auto policies = vx11::pipeline(retry, std::ref(breaker), vx11::Timeout(2s));
/// // retry(breaker(timeout(call)))
/// vx11::Result<int> answer = policies.run([&](vx11::Deadline d) { return ask(d); }, deadline);
/// ```
///
/// The pipeline copies or moves each policy in, so a function may return a pipeline of its local
/// variables. Policies with shared state, such as a `CircuitBreaker` or a `RateLimiter`, can be
/// neither copied nor moved: pass `std::ref(breaker)` and keep the breaker at least as long as the
/// pipeline, or pass a `std::shared_ptr`. Permit sources, such as a `CircuitBreaker` or an
/// `AdaptiveLimit`, are accepted too and use `CallVerdict`; use `guard` for another classifier. For
/// the recommended order see docs/resilience.md.
template <class... Given>
auto pipeline(Given&&... policies) {
  return Pipeline<decltype(detail::keep_policy(std::forward<Given>(policies)))...>(
      detail::keep_policy(std::forward<Given>(policies))...);
}

}  // namespace v0
}  // namespace vx11
