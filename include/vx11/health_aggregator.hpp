#pragma once

/// \file
/// `HealthAggregator`: the state of a whole system, gathered without waking any of it.

#include <vx11/circuit_breaker.hpp>
#include <vx11/export.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/transport.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// What is known of a component, and of the whole.
enum class Health : std::uint8_t {
  ok,           ///< It was asked and answered well.
  available,    ///< It was not asked; nothing speaks against it.
  degraded,     ///< It answered that not all is well.
  unreachable,  ///< It was asked and did not answer.
  offline,      ///< It is known not to serve.
  unknown,      ///< Nobody looked.
};
/// The word of the operator contract.
VX11_API std::string_view to_string(Health health) noexcept;

/// Where a piece of evidence comes from.
enum class EvidenceSource : std::uint8_t { self, probe, breaker, cache };
/// The word of the operator contract.
VX11_API std::string_view to_string(EvidenceSource source) noexcept;

/// Looks at one component and cannot change it.
///
/// A type of its own and not a `Transport`, so that nothing an aggregator holds could wake a
/// service. Implementations are thread-safe, honour the deadline and its stop token, and are asked
/// by one thread at a time.
class VX11_API Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  virtual ~Probe() = default;

  /// \return `ok` or `degraded` when it answered; `unreachable` or `timeout` as an error when not.
  virtual Task<Result<Health>> look(Deadline deadline) = 0;

  /// Whether a look may hold up the calling thread, as it does by default: it then gets a thread of
  /// the aggregator's. One that waits only by suspending returns false and begins on the thread of
  /// the caller that starts the round. An HTTP probe returns what its transport says.
  virtual bool blocks() const noexcept { return true; }
};

/// A probe that sends `GET path` and takes 2xx for ok, anything else for degraded.
/// \param origin base URL of the component
/// \param path   one of the paths known to have no effect: `/health`, `/livez`, `/readyz`,
/// `/healthz`
/// \return `invalid_argument` for any other path, so that a probe cannot be pointed at something
///         that acts
VX11_API Result<std::shared_ptr<Probe>> make_http_probe(std::shared_ptr<Transport> transport,
                                                        std::string origin,
                                                        std::string path = "/health",
                                                        Headers headers = {});

/// The process itself: it answers, so it is ok.
struct SelfCheck {};
/// Nothing to look at: `unknown`, reason `not_configured`; counts for nothing in the verdict.
struct NotConfigured {};
/// Known not to be there: `offline`, reason `not_configured`.
struct Absent {};
/// How a component is looked at. A breaker is only ever read.
using HealthCheck = std::variant<NotConfigured, SelfCheck, Absent, std::shared_ptr<Probe>,
                                 std::shared_ptr<const CircuitBreaker>>;

/// One component of the system.
struct HealthComponent {
  std::string name = {};   ///< Unique within the aggregator.
  std::uint16_t port = 0;  ///< Reported with it.
  HealthCheck check = {};
  /// Whether the overall verdict depends on it.
  bool required = false;
  /// The most a look may take. The contract's two seconds.
  Duration timeout = std::chrono::seconds(2);
};

/// What was found out about one component, with its age and origin.
struct ComponentHealth {
  ComponentHealth() = default;

  std::string name = {};
  Health health = Health::unknown;
  std::uint16_t port = 0;
  bool required = false;
  std::string reason = {};  ///< A stable word such as "circuit_open"; may be empty.
  std::string error =
      {};  ///< A short safe text such as "connection timeout after 2s"; may be empty.
  Duration latency = {};     ///< How long the look took.
  WallTime checked_at = {};  ///< When this was found out, not when it was told.
  EvidenceSource source = EvidenceSource::self;
};

/// One round of looking.
struct VX11_API HealthReport {
  HealthReport() = default;

  /// `ok`: every required component is ok or available. `offline`: none of them is, the process
  /// itself left out. `degraded`: anything between. In a report that a deadline cut short, what has
  /// yet to answer makes the whole neither ok nor offline; if that is all, it is `unknown`.
  Health overall = Health::unknown;
  std::vector<ComponentHealth> components = {};  ///< In the order of the description.
  /// What madre said about power; empty when there is no view or it did not answer.
  std::optional<PowerState> power = std::nullopt;

  /// The component of that name, or null.
  const ComponentHealth* find(std::string_view name) const noexcept;
};

/// The description of an aggregator.
struct HealthOptions {
  std::vector<HealthComponent> components = {};
  /// Looked at beside the components, for policy and windows. Null: left out.
  std::shared_ptr<const PowerStateView> power = {};
  /// How old a round may be, counted from its end, to answer again; breakers are read anew even so.
  /// Zero: every call that finds none under way starts one.
  Duration reuse_for = Duration::zero();
  SteadyClock clock = {};
  WallClock wall_clock = {};
};

/// Looks at all components side by side and sums up.
///
/// One round runs at a time; all who ask meanwhile get its result. Looks that suspend begin on the
/// thread of the caller that starts the round; those that block run on a small pool of threads of
/// the aggregator, so that they are parallel too. A round ends at the longest limit even if a probe
/// ignores its own: such a component is reported unreachable and is not looked at again before its
/// probe has come back.
///
/// **Thread-safe**. Move-only; what was moved from may only be destroyed. The destructor waits for looks that block, and cancels
/// those that suspend, which keep their probe until they have ended. After `async_check` a coroutine
/// continues on the thread that ended the round: often an event loop's or one of the pool's, of
/// which there are few, so it should not block there. It may destroy the aggregator.
class VX11_API HealthAggregator {
 public:
  /// \return every mistake of the description, by component name, in one `invalid_argument`: names
  ///         that are empty or used twice, a null probe or breaker, timeouts that are not positive,
  ///         a negative `reuse_for`
  static Result<HealthAggregator> create(HealthOptions options);
  /// For a description that is part of the program: a mistake that `create` names shows in the
  /// reports instead, as a component of reason `not_configured` or one that has always timed out.
  explicit HealthAggregator(HealthOptions options);
  HealthAggregator(HealthAggregator&& other) noexcept;
  HealthAggregator& operator=(HealthAggregator&& other) noexcept;
  ~HealthAggregator();

  /// Blocks.
  /// \see async_check
  HealthReport check(Deadline deadline = {});
  /// \return the round's report; if `deadline` passes or its stop token fires first, what the round
  ///         knows so far, with `unknown` for what it does not. The round goes on for the others.
  Task<HealthReport> async_check(Deadline deadline = {});

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
