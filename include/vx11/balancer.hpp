#pragma once

/// \file
/// `Balancer`: chooses one of several targets that are alternatives to each other.

#include <vx11/circuit_breaker.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/verdict.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Two random targets are compared, and the one of lower cost is chosen: the estimated time of an
/// answer, times the calls under way and this one, divided by the weight. The estimate rises at
/// once to a slower answer and decays exponentially to faster ones. Finagle's peak EWMA, with M.
/// Mitzenmacher's "The Power of Two Choices in Randomized Load Balancing" (2001). The time of a
/// choice does not depend on the number of targets.
struct PeakEwma {
  /// The time constant: after it, 37 % of an old estimate are left. At least 1 ms. Ten seconds, as
  /// in Finagle, outlasts a pause of garbage collection, and tries a target again within a minute.
  Duration decay = std::chrono::seconds(10);
  /// A failed call counts as an answer that took at least this long: an upstream that fails at once
  /// must not look fast. Five seconds are the limit that people commonly set for an answer.
  Duration failure_cost = std::chrono::seconds(5);
};

/// Each target in turn, evenly spread: of n choices one of weight w among W in total gets n·w/W,
/// exactly after each W choices while all can be used. nginx's smooth weighted round robin. Takes a
/// lock for the time of a choice. For targets that are equal, and where shares must be exact.
struct WeightedRoundRobin {};

/// The target with the fewest calls under way for its weight, the next one included: (n + 1) /
/// weight; among equals in turn. For answers whose times differ much, while the targets do not.
struct LeastInFlight {};

/// The same target for all chats of a session, so that its prompt cache is used: weighted
/// rendezvous hashing (D. Thaler and C. Ravishankar, "Using Name-Based Mappings to Increase Hit
/// Rates", 1998). While that target cannot be used, the session's next in order takes its place.
/// When a target is added or removed, only its own sessions move; the choice depends on names and
/// weights alone and is the same in every process. Chats without a session go to the less busy of
/// two random targets; a new session id for each chat places it without regard to load.
struct StickySession {};

/// How a target is chosen.
using BalancingPolicy = std::variant<PeakEwma, WeightedRoundRobin, LeastInFlight, StickySession>;

/// Options of a balancer. `validate` reports values out of range; the constructor clamps them to
/// the nearest valid value.
struct BalancerOptions {
  /// Peak EWMA by default: it needs no knowledge of the targets, and avoids a slow one by itself.
  BalancingPolicy policy = PeakEwma{};
  /// How long a target that answers 429 or 529 without a Retry-After is not chosen. Zero: not at
  /// all.
  Duration default_cooldown = std::chrono::seconds(1);
  /// The longest time that a Retry-After is obeyed. Longer ones are often the end of a day's quota,
  /// which a minute's probe does not harm.
  Duration max_cooldown = std::chrono::minutes(1);
  /// After its circuit breaker has closed, the weight of a target grows evenly from a tenth to the
  /// whole within this time. Zero, the default: at once. For upstreams that must fill caches first.
  Duration slow_start = Duration::zero();
  /// Returns numbers uniform in [0, 1); must be thread-safe. Null: a generator per thread. Replace
  /// it to make tests deterministic.
  std::function<double()> random = {};
  /// Receives `balancer_cooled_down`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// \return one `invalid_argument` error that lists every invalid field.
VX11_API Result<> validate(const BalancerOptions& options);

/// One of the targets of a balancer.
struct BalancerMember {
  std::string name = {};     ///< Decides which sessions it gets; unique within the balancer.
  std::uint32_t weight = 1;  ///< Its share in relation to the others; 1 to 1,000.
  /// It is not chosen while this one is open, nor for a second call beside a probe. Null: it can
  /// always be chosen.
  std::shared_ptr<const CircuitBreaker> breaker = {};
};

/// The load of one target at one moment.
struct BalancerLoad {
  std::string name = {};
  std::uint32_t in_flight = 0;  ///< Calls under way.
  std::uint64_t calls = 0;      ///< Calls begun so far.
  Duration latency = {};        ///< The estimate of `PeakEwma`, decayed until now.
  Duration cooldown_left = {};  ///< Zero unless it is cooling down.
};

/// Chooses among targets by their load and state.
///
/// ```cpp
/// vx11::Balancer balancer({{.name = "gpu-1"}, {.name = "gpu-2", .weight = 2}});
/// if (auto member = balancer.pick()) {
///   vx11::Balancer::Call call = balancer.begin(*member);
///   call.record(vx11::Verdict::success, 120ms);
/// }
/// ```
///
/// `Router` uses one for each group of targets, and several routers may share one
/// (`RouterGroup::shared_balancer`); it is of use without a router, too.
///
/// **Thread-safety**: every member may be called from any thread. Only `WeightedRoundRobin` takes a
/// lock. A choice allocates nothing, and reads the clock for `PeakEwma`, and while a target cools
/// down, starts slowly, or has a breaker that is not closed. Two threads that choose at the same
/// moment may not see each other's call.
/// **Lifetime**: outlives its calls. Neither copied nor moved.
class VX11_API Balancer {
 public:
  static constexpr std::size_t kMostMembers = 256;
  /// A set of members, by index.
  using Set = std::bitset<kMostMembers>;
  class Call;

  /// \param members at least one; those beyond `kMostMembers` are ignored
  explicit Balancer(std::vector<BalancerMember> members, BalancerOptions options = {},
                    SteadyClock clock = {});
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;
  ~Balancer();

  /// The member for the next call: one whose breaker admits calls and that does not cool down.
  /// \param except members that are not chosen, such as those that have failed in this chat
  /// \param session for `StickySession`; empty: none
  /// \return none if no member can be used
  std::optional<std::size_t> pick(const Set& except = {}, std::string_view session = {}) noexcept;
  /// If none can be used: the one whose open time, probe or cooldown ends first. None if all are
  /// isolated by hand.
  /// \param except members that are not considered
  std::optional<std::size_t> earliest(const Set& except = {}) const noexcept;

  /// A call to `member` begins.
  Call begin(std::size_t member) noexcept;

  /// `member` has asked its callers to wait: it is not chosen for that time, within the limits of
  /// the options. A cooldown is never shortened.
  /// \param retry_after none: `default_cooldown`
  void cool_down(std::size_t member, std::optional<Duration> retry_after) noexcept;
  /// The rest of the cooldown; zero if there is none. Reads the clock only if there may be one.
  Duration cooldown_left(std::size_t member) const noexcept;

  std::size_t size() const noexcept;
  /// The members, in order; their weights as they were given.
  const std::vector<BalancerMember>& members() const noexcept;
  /// The load of that member.
  BalancerLoad load(std::size_t member) const;
  /// The load of every member, in order.
  std::vector<BalancerLoad> loads() const;

 private:
  struct Impl;
  void observe(std::size_t member, Verdict verdict, Duration taken) noexcept;
  void end(std::size_t member) noexcept;

  detail::Owned<Impl> impl_;
};

/// A call that is under way; it is until this object is destroyed.
///
/// Move-only. Not thread-safe; may be ended on another thread than it was begun on.
class [[nodiscard]] Balancer::Call {
 public:
  Call() = default;
  Call(Call&& other) noexcept
      : balancer_(std::exchange(other.balancer_, nullptr)),
        member_(other.member_),
        answered_(other.answered_) {}
  Call& operator=(Call&& other) noexcept {
    std::swap(balancer_, other.balancer_);
    std::swap(member_, other.member_);
    std::swap(answered_, other.answered_);
    return *this;
  }
  ~Call() {
    if (balancer_ != nullptr) balancer_->end(member_);
  }

  /// Records how long the answer took, or the first piece of a streamed one. After the first only a
  /// failure is recorded, that of a stream that ends early. A neutral call only raises an estimate
  /// below its time: an answer would have taken longer.
  void record(Verdict verdict, Duration taken) noexcept {
    if (balancer_ == nullptr || (answered_ && verdict != Verdict::failure)) return;
    answered_ = answered_ || verdict != Verdict::neutral;
    balancer_->observe(member_, verdict, taken);
  }
  /// As `Balancer::cool_down`.
  void cool_down(std::optional<Duration> retry_after) noexcept {
    if (balancer_ != nullptr) balancer_->cool_down(member_, retry_after);
  }
  explicit operator bool() const noexcept { return balancer_ != nullptr; }

 private:
  friend class Balancer;

  Call(Balancer& balancer, std::size_t member) noexcept : balancer_(&balancer), member_(member) {}

  Balancer* balancer_ = nullptr;
  std::size_t member_ = 0;
  bool answered_ = false;
};

}  // namespace v0
}  // namespace vx11
