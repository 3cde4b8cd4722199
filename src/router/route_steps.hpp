#pragma once

/// \file
/// The chain of a router whose targets are grouped or whose answers have rules. Internal.

#include <vx11/router.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A target by itself, or a group.
struct RouteStep {
  std::size_t first = 0;                    ///< Index of its first target.
  std::size_t count = 1;                    ///< Its targets, which follow one another.
  std::size_t max_targets = 1;              ///< Asked in one chat.
  std::shared_ptr<Balancer> balancer = {};  ///< Null: a target by itself.
  std::vector<std::size_t> members = {};    ///< Each target's index in the balancer.
  Balancer::Set absent = {};  ///< Members of a shared balancer that are no targets of this step.

  /// The index of the target that is this member.
  std::size_t target_of(std::size_t member) const noexcept {
    if (!balancer) return first;
    const auto found = std::find(members.begin(), members.end(), member);
    return first + static_cast<std::size_t>(found - members.begin());
  }
};

/// Steps and rules, built once. Thread-safe.
class RouteSteps {
 public:
  /// More calls than this are not started in one chat that asks targets side by side.
  static constexpr std::size_t kMostBeside = 8;

  /// \param options complete; must outlive this object
  /// \return null if no target has a group and there are no rules
  static std::unique_ptr<const RouteSteps> make(const RouterOptions& options);

  explicit RouteSteps(const RouterOptions& options);

  std::size_t size() const noexcept { return steps_.size(); }
  const RouteStep& at(std::size_t step) const noexcept { return steps_[step]; }
  /// The balancer of a group, or null.
  std::shared_ptr<const Balancer> balancer(std::string_view group) const noexcept;
  /// How many targets one chat asks at most, unless breakers reject it.
  std::size_t max_targets() const noexcept;
  /// The same for the steps after `step`.
  std::size_t max_targets_after(std::size_t step) const noexcept;

  /// The earliest time at which a group can take a call again; zero if none has to wait.
  Duration earliest_wait() const noexcept;

  /// The step that an answer outside 2xx leads to: none, if that is for the chain to decide;
  /// `size()`, if the answer is final.
  std::optional<std::size_t> after(const HttpResponse& response) const noexcept;

 private:
  Duration wait_of(const RouteStep& step) const noexcept;
  void add(std::size_t first, std::size_t count);
  void balance(RouteStep& step);
  std::shared_ptr<Balancer> make_balancer(const RouteStep& step, BalancerOptions options) const;
  RouterGroup group(std::string_view name) const;
  std::size_t step_named(std::string_view name) const noexcept;

  const RouterOptions& options_;
  std::vector<RouteStep> steps_ = {};
  std::vector<std::size_t> rule_targets_ = {};  ///< The step of each rule.
};

}  // namespace v0
}  // namespace vx11
