#pragma once

/// \file
/// `fallback`: something else in place of a failure.

#include <vx11/policy.hpp>
#include <vx11/verdict.hpp>

#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// What a fallback steps in for: every error but `cancelled`, where nobody waits for an answer, and
/// HTTP answers that are failures.
struct DefaultFailed {
  template <class T>
  constexpr bool operator()(const Result<T>& result) const noexcept {
    if (!result) return result.error().code != Errc::cancelled;
    return CallVerdict()(result) == Verdict::failure;
  }
};

/// Gives something else in place of a failure. Made by `fallback`.
///
/// The substitute is a value; or a function of the failed result, or of nothing, that returns a
/// value or a `Result`; for awaited calls also a `Task<Result<T>>`. A substitute that fails is what
/// the caller gets. **Thread-safe** if the functions are; a value type.
template <class Substitute, class Failed = DefaultFailed>
class Fallback : public detail::ExecuteNames<Fallback<Substitute, Failed>> {
 public:
  explicit Fallback(Substitute substitute, Failed failed = {})
      : substitute_(std::move(substitute)), failed_(std::move(failed)) {}

  /// The same, stepping in where `predicate` says: a `bool` for a `const Result<T>&`.
  template <class Predicate>
  auto when(Predicate predicate) const {
    return Fallback<Substitute, Predicate>(substitute_, std::move(predicate));
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) const {
    CallResult<Next> result = next(std::move(deadline));
    if (!failed_(std::as_const(result))) return result;
    return substitute_for(std::as_const(result));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) const {
    using R = AwaitedResult<Next>;
    auto call = next(std::move(deadline));
    R result = co_await std::move(call);
    if (!failed_(std::as_const(result))) co_return result;
    using Given = decltype(substitute_for(std::as_const(result)));
    if constexpr (detail::IsTask<Given>::value) {
      Given other = substitute_for(std::as_const(result));
      co_return co_await std::move(other);
    } else {
      co_return R(substitute_for(std::as_const(result)));
    }
  }
  /// \}

 private:
  template <class R>
  auto substitute_for(const R& result) const {
    if constexpr (std::is_invocable_v<Substitute&, const R&>) {
      return substitute_(result);
    } else if constexpr (std::is_invocable_v<Substitute&>) {
      return substitute_();
    } else {
      return R(substitute_);
    }
  }

  // A function object of the caller may change itself; it is thread-safe if the calls overlap.
  mutable Substitute substitute_;
  [[no_unique_address]] mutable Failed failed_;
};

/// A policy that gives `substitute` in place of a failure:
/// `pipeline(fallback(Page("busy, come back later")), retry, breaker)`.
template <class Substitute>
auto fallback(Substitute substitute) {
  return Fallback<Substitute>(std::move(substitute));
}

}  // namespace v0
}  // namespace vx11
