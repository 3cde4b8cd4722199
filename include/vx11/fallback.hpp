#pragma once

/// \file
/// `fallback`: replaces a failure by a substitute.

#include <vx11/events.hpp>
#include <vx11/policy.hpp>
#include <vx11/verdict.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The results that are replaced: every error except `cancelled`, where the caller no longer waits,
/// and HTTP responses that are failures.
struct DefaultFailed {
  template <class T>
  constexpr bool operator()(const Result<T>& result) const noexcept {
    if (!result) return result.error().code != Errc::cancelled;
    return CallVerdict()(result) == Verdict::failure;
  }
};

/// Options of a fallback.
struct FallbackOptions {
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `fallback_used`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// What a fallback has done so far.
struct FallbackStats {
  std::uint64_t calls = 0;
  std::uint64_t substituted = 0;  ///< Calls whose result was replaced.
};

namespace detail {
/// What the copies of a fallback share.
struct FallbackFigures {
  explicit FallbackFigures(FallbackOptions given) : options(std::move(given)) {}

  /// \param why the error, or that the answer counts as a failure
  void report_used(std::string_view why) const noexcept {
    options.events(Event{.kind = EventKind::fallback_used, .name = options.name, .detail = why});
  }

  const FallbackOptions options;
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> substituted{0};
};
}  // namespace detail

/// Replaces a failure by a substitute. Made by `fallback`.
///
/// The substitute is a value, or a function of the failed result or of nothing that returns a value
/// or a `Result`; for awaited calls also a `Task<Result<T>>`. If the substitute fails, its error is
/// returned. **Thread-safe** if the functions are; a value type whose copies share the figures.
template <class Substitute, class Failed = DefaultFailed>
class Fallback : public detail::ExecuteNames<Fallback<Substitute, Failed>> {
 public:
  explicit Fallback(Substitute substitute, Failed failed = {}, FallbackOptions options = {})
      : substitute_(std::move(substitute)),
        failed_(std::move(failed)),
        figures_(std::make_shared<detail::FallbackFigures>(std::move(options))) {}

  /// A copy that replaces the results for which `predicate`, given a `const Result<T>&`, returns
  /// true.
  template <class Predicate>
  auto when(Predicate predicate) const {
    Fallback<Substitute, Predicate> copy(substitute_, std::move(predicate));
    copy.figures_ = figures_;
    return copy;
  }

  /// The figures of this fallback and its copies.
  FallbackStats stats() const noexcept {
    return {figures_->calls.load(std::memory_order_relaxed),
            figures_->substituted.load(std::memory_order_relaxed)};
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) const {
    CallResult<Next> result = next(std::move(deadline));
    if (!replaced(result)) return result;
    return substitute_for(std::as_const(result));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) const {
    using R = AwaitedResult<Next>;
    auto call = next(std::move(deadline));
    R result = co_await std::move(call);
    if (!replaced(result)) co_return result;
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
  template <class, class>
  friend class Fallback;

  template <class R>
  bool replaced(const R& result) const {
    figures_->calls.fetch_add(1, std::memory_order_relaxed);
    const bool failed = failed_(result);
    if (!failed) return false;
    figures_->substituted.fetch_add(1, std::memory_order_relaxed);
    figures_->report_used(result ? std::string_view("failure") : to_string(result.error().code));
    return true;
  }

  template <class R>
  auto substitute_for(const R& result) const {
    if constexpr (std::is_invocable_v<Substitute&, const R&>) {
      return substitute_(result);
    } else if constexpr (std::is_invocable_v<Substitute&>) {
      return substitute_();
    } else {
      static_assert(std::is_constructible_v<R, Substitute&>,
                    "a substitute is a value for the call's result, or a function of nothing or of "
                    "the failed result, const Result<T>&");
      if constexpr (std::is_constructible_v<R, Substitute&>) return R(substitute_);
    }
  }

  // Mutable: a function object of the caller may have state; it is thread-safe if calls overlap.
  mutable Substitute substitute_;
  [[no_unique_address]] mutable Failed failed_;
  std::shared_ptr<detail::FallbackFigures> figures_;
};

/// A policy that replaces failures by `substitute`:
/// `pipeline(fallback(Page("busy, come back later")), retry, breaker)`.
template <class Substitute>
auto fallback(Substitute substitute, FallbackOptions options = {}) {
  return Fallback<Substitute>(std::move(substitute), DefaultFailed(), std::move(options));
}

}  // namespace v0
}  // namespace vx11
