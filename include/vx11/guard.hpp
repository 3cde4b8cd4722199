#pragma once

/// \file
/// `guard`: runs a call under a permit and tells the permit how it went. This is how a
/// `CircuitBreaker` and an `AdaptiveLimit` become policies.

#include <vx11/circuit_breaker.hpp>
#include <vx11/policy.hpp>
#include <vx11/verdict.hpp>

#include <concepts>
#include <memory>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Something that gives permits which take a verdict.
template <class G>
concept GivesPermits = requires(G& guardian) {
  guardian.try_acquire()->success();
  guardian.try_acquire()->failure();
  guardian.try_acquire()->neutral();
  guardian.try_acquire().error();
};

namespace detail {

inline Error rejection(Error error) {
  return error;
}
inline Error rejection(const Rejection& rejection) {
  Error error(Errc::circuit_open, "circuit open");
  error.retry_after = rejection.retry_after;
  return error;
}

/// Tells a permit how its call went: a failure if the call threw. If only the verdict could not be
/// found because the predicate threw, the permit stays silent, which is neutral.
template <class Permit>
class Report {
 public:
  explicit Report(Permit permit) noexcept : permit_(std::move(permit)) {}
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  ~Report() {
    if (running_) permit_.failure();
  }

  template <class R, class Classify>
  void returned(const R& result, Classify& classify) {
    running_ = false;
    switch (classify(result)) {
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

/// A policy that asks `Guardian` for a permit, makes the call, and reports what `Classify` makes of
/// the result. Made by `guard`; shares the guardian or refers to it. **Thread-safe** if `Classify`
/// is.
template <class Guardian, class Classify = CallVerdict>
class PermitPolicy {
 public:
  PermitPolicy(std::shared_ptr<Guardian> guardian, Classify classify)
      : guardian_(std::move(guardian)), classify_(std::move(classify)) {}

  template <class Next>
  CallResult<Next> execute(Next&& next, Deadline deadline) {
    auto permit = guardian_->try_acquire();
    if (!permit) return fail(detail::rejection(std::move(permit.error())));
    detail::Report report(std::move(*permit));
    CallResult<Next> result = next(std::move(deadline));
    report.returned(result, classify_);
    return result;
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_execute(Next next, Deadline deadline) {
    auto permit = guardian_->try_acquire();
    if (!permit) co_return fail(detail::rejection(std::move(permit.error())));
    detail::Report report(std::move(*permit));
    auto call = next(std::move(deadline));
    AwaitedResult<Next> result = co_await std::move(call);
    report.returned(result, classify_);
    co_return result;
  }

 private:
  std::shared_ptr<Guardian> guardian_;
  [[no_unique_address]] Classify classify_;
};

/// A policy on `guardian`, a circuit breaker or an adaptive limit, which it shares. `classify`
/// gives the `Verdict` on a `const Result<T>&`; what it throws passes through and counts as
/// neutral.
template <GivesPermits Guardian, class Classify = CallVerdict>
auto guard(std::shared_ptr<Guardian> guardian, Classify classify = {}) {
  return PermitPolicy<Guardian, Classify>(std::move(guardian), std::move(classify));
}
/// The same on one that outlives the policy.
template <GivesPermits Guardian, class Classify = CallVerdict>
auto guard(Guardian& guardian, Classify classify = {}) {
  return guard(std::shared_ptr<Guardian>(std::shared_ptr<void>(), &guardian), std::move(classify));
}

}  // namespace v0
}  // namespace vx11
