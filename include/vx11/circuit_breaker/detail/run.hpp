#pragma once

/// \file
/// The parts of `CircuitBreaker::run`. Internal.

#include <vx11/detail/exceptions.hpp>
#include <vx11/result.hpp>
#include <vx11/verdict.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The result of running a call that returns `T`: a `Result<T>` unchanged, anything else as the
/// value of one.
template <class T>
struct Wrapped {
  using type = Result<T>;
};
template <class T>
struct Wrapped<Result<T>> {
  using type = Result<T>;
};
template <class Call>
using RunResult = typename Wrapped<std::remove_cvref_t<std::invoke_result_t<Call>>>::type;

template <class T>
concept Awaitable = requires(T&& value) {
  std::forward<T>(value).operator co_await();
}
|| requires(T&& value) {
  operator co_await(std::forward<T>(value));
};

/// What a call returns that `async_run` awaits.
template <class Call>
struct AwaitedCall {
  using type = std::invoke_result_t<Call&>;
  static_assert(Awaitable<type>,
                "async_run() awaits the call, and this one returns no Task: call run()");
};

/// Runs the call; an exception from it is a failure and passes through to the caller.
template <class Permit, class Call>
std::invoke_result_t<Call> call_under(Permit& permit, Call&& call) {
  VX11_TRY {
    return std::invoke(std::forward<Call>(call));
  }
  VX11_CATCH_ALL {
    permit.failure();
    VX11_RETHROW;
  }
}

/// Runs the call and records its verdict. If classifying throws, the permit is released as neutral.
template <class Permit, class Call, class Classify>
RunResult<Call> call_and_judge(Permit& permit, Call&& call, Classify&& classify) {
  if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
    call_under(permit, std::forward<Call>(call));
    permit.success();
    return {};
  } else {
    auto result = call_under(permit, std::forward<Call>(call));
    permit.record(std::invoke(std::forward<Classify>(classify), std::as_const(result)));
    return RunResult<Call>(std::move(result));
  }
}

/// Reports the verdict on a call to its permit: a failure if the call ends by an exception. If
/// classifying throws, the permit is released as neutral.
template <class Permit>
class PermitReport {
 public:
  explicit PermitReport(Permit permit) noexcept : permit_(std::move(permit)) {}
  PermitReport(const PermitReport&) = delete;
  PermitReport& operator=(const PermitReport&) = delete;
  ~PermitReport() {
    if (running_) permit_.failure();
  }

  template <class R, class Classify>
  void returned(const R& result, Classify& classify) {
    running_ = false;
    switch (std::invoke(classify, result)) {
      case Verdict::success:
        return permit_.success();
      case Verdict::failure:
        return permit_.failure();
      case Verdict::neutral:
        return permit_.neutral();
    }
  }

 private:
  Permit permit_;
  bool running_ = true;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
