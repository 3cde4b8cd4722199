#pragma once

/// \file
/// `guard`: runs a call under a permit and reports the verdict on its result. This makes a
/// `CircuitBreaker` or an `AdaptiveLimit` a policy.

#include <vx11/circuit_breaker/detail/run.hpp>
#include <vx11/policy.hpp>
#include <vx11/verdict.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// A class whose `try_acquire` returns a permit that takes a verdict, or an error.
template <class G>
concept GivesPermits = requires(G& source) {
  source.try_acquire()->success();
  source.try_acquire()->failure();
  source.try_acquire()->neutral();
  { source.try_acquire().error() } -> std::convertible_to<Error>;
};

/// A policy that acquires a permit from `Source`, runs the call, and reports the verdict of
/// `Classify` on the result. Made by `guard`; shares the source or refers to it. **Thread-safe** if
/// `Classify` is.
template <class Source, class Classify = CallVerdict>
class PermitPolicy : public detail::ExecuteNames<PermitPolicy<Source, Classify>> {
 public:
  PermitPolicy(std::shared_ptr<Source> source, Classify classify)
      : source_(std::move(source)), classify_(std::move(classify)) {}

  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) const {
    auto permit = source_->try_acquire();
    if (!permit) return fail(std::move(permit.error()));
    detail::PermitReport report(std::move(*permit));
    CallResult<Next> result = next(std::move(deadline));
    report.returned(result, classify_);
    return result;
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) const {
    auto permit = source_->try_acquire();
    if (!permit) co_return fail(std::move(permit.error()));
    detail::PermitReport report(std::move(*permit));
    auto call = next(std::move(deadline));
    AwaitedResult<Next> result = co_await std::move(call);
    report.returned(result, classify_);
    co_return result;
  }

 private:
  std::shared_ptr<Source> source_;
  // Mutable: a function object of the caller may have state; it is thread-safe if calls overlap.
  [[no_unique_address]] mutable Classify classify_;
};

/// A policy on `source`, a circuit breaker or an adaptive limit, which it shares. `classify`
/// returns the `Verdict` on a `const Result<T>&`; an exception from it passes through and counts as
/// neutral.
template <GivesPermits Source, class Classify = CallVerdict>
auto guard(std::shared_ptr<Source> source, Classify classify = {}) {
  return PermitPolicy<Source, Classify>(std::move(source), std::move(classify));
}
/// The same for a source that must outlive the policy: `guard(std::ref(breaker), classify)`.
template <GivesPermits Source, class Classify = CallVerdict>
auto guard(std::reference_wrapper<Source> source, Classify classify = {}) {
  return guard(std::shared_ptr<Source>(std::shared_ptr<void>(), &source.get()),
               std::move(classify));
}
template <GivesPermits Source, class Classify = CallVerdict>
[[deprecated("say that the policy refers to it: guard(std::ref(source))")]] auto guard(
    Source& source, Classify classify = {}) {
  return guard(std::ref(source), std::move(classify));
}

}  // namespace v0
}  // namespace vx11
