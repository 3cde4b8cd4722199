#pragma once

/// \file
/// `HealthAggregator`: the health of a whole system, collected without waking any component.

#include <vx11/circuit_breaker.hpp>
#include <vx11/export.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/transport.hpp>

#include <chrono>
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

/// The state of a component, and of the whole.
enum class Health : std::uint8_t {
  ok,           ///< Probed; answered without a problem.
  available,    ///< Not probed; nothing indicates a failure.
  degraded,     ///< Probed; reported a problem.
  unreachable,  ///< Probed; did not answer.
  offline,      ///< Known not to serve.
  unknown,      ///< Not checked.
};
/// The word of the operator contract.
VX11_API std::string_view to_string(Health health) noexcept;

/// The source of a finding.
enum class EvidenceSource : std::uint8_t {
  self,
  probe,
  breaker,
  cache,
  embedded,  ///< This process answers in the component's place.
};
/// The word of the operator contract.
VX11_API std::string_view to_string(EvidenceSource source) noexcept;

/// A probe's answer.
struct ProbeAnswer {
  ProbeAnswer() = default;
  ProbeAnswer(Health seen, std::string why = {}) : health(seen), reason(std::move(why)) {}

  Health health = Health::unknown;
  std::string reason = {};  ///< A stable word such as "auth_required", for status pages.
  friend bool operator==(const ProbeAnswer&, const ProbeAnswer&) = default;
};

/// A read-only check of one component.
///
/// A type of its own rather than a `Transport`, so that nothing an aggregator holds could wake a
/// service. Implementations are thread-safe, honour the deadline and its stop token, and are called
/// by one thread at a time, unless several components share one.
class VX11_API Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  virtual ~Probe() = default;

  /// \return `ok` or `degraded` if it answered; otherwise `unreachable` or `timeout` as an error;
  ///         `exhausted` if this process had no means to ask
  virtual Task<Result<ProbeAnswer>> look(Deadline deadline) = 0;

  /// Whether a probe may block the calling thread; the default is true, and the probe then runs on
  /// a thread of the aggregator. A probe that only suspends returns false and starts on the thread
  /// of the caller that starts the round. An HTTP probe returns its transport's value.
  virtual bool blocks() const noexcept { return true; }
};

/// A probe that sends `GET path`: 2xx is ok, any other status is degraded, with `http_503` or the
/// like as reason.
/// \param origin base URL of the component
/// \param path   one of the paths known to have no side effects: `/health`, `/livez`, `/readyz`,
///               `/healthz`
/// \return `invalid_argument` for any other path, so that a probe cannot trigger an action
VX11_API Result<std::shared_ptr<Probe>> make_http_probe(std::shared_ptr<Transport> transport,
                                                        std::string origin,
                                                        std::string path = "/health",
                                                        Headers headers = {});

/// A probe that calls a function, on a thread of the aggregator; it may block.
///
/// ```cpp
/// std::atomic<int> waiting = 0;
/// const auto jobs = std::make_shared<vx11::FunctionProbe>([&](const vx11::Deadline&) {
///   return waiting < 100 ? vx11::ProbeAnswer(vx11::Health::ok)
///                        : vx11::ProbeAnswer(vx11::Health::degraded, "queue_full");
/// });
/// ```
///
/// The function obeys the rules of `Probe::look`, may return a `ProbeAnswer`, a `Health`, or a
/// `Result` with an error, and is called by one thread at a time, unless several components share
/// the probe: then it must be thread-safe. One that throws has not answered. What it captures by
/// reference must outlive the aggregator, which waits for a running check when it is destroyed.
class VX11_API FunctionProbe final : public Probe {
 public:
  /// Returns what was found up to the deadline, whose stop token fires at the aggregator's end.
  using Check = std::function<Result<ProbeAnswer>(const Deadline&)>;

  /// \param check an empty one never answers: `unreachable`
  explicit FunctionProbe(Check check) : check_(std::move(check)) {}
  Task<Result<ProbeAnswer>> look(Deadline deadline) override;

 private:
  const Check check_;
};

/// The same for a function that suspends instead of blocking: it is called on the thread of the
/// caller that starts the round. What it captures by reference must outlive its tasks, and these
/// may outlive the aggregator: its destructor cancels them, but does not wait for their end.
class VX11_API TaskProbe final : public Probe {
 public:
  /// Makes the task that awaits what is asked, up to the deadline.
  using Check = std::function<Task<Result<ProbeAnswer>>(Deadline)>;

  /// \param check an empty one never answers: `unreachable`
  explicit TaskProbe(Check check) : check_(std::move(check)) {}
  bool blocks() const noexcept override { return false; }
  Task<Result<ProbeAnswer>> look(Deadline deadline) override;

 private:
  const Check check_;
};

/// The process itself: always ok.
struct SelfCheck {};
/// No probe: `unknown`, reason `not_configured`; ignored in the overall status.
struct NotConfigured {};
/// Known to be absent: `offline`, reason `not_configured`.
struct Absent {};
/// Judged by the answer to `HealthOptions::power`, so that one call serves the component and the
/// windows: a state is ok; any other answer is degraded, with its status (`http_500`) or
/// `invalid_reply` as reason. At most one component, madre, is checked so.
struct PowerEvidence {
  /// Asked in the time that is left if madre has no power windows (404, 405, 501). Null: such an
  /// answer is degraded, too.
  std::shared_ptr<Probe> fallback = {};
};
/// How a component is checked. A breaker is only read, never changed.
using HealthCheck = std::variant<NotConfigured, SelfCheck, Absent, std::shared_ptr<Probe>,
                                 std::shared_ptr<const CircuitBreaker>, PowerEvidence>;

/// One component of the system.
struct HealthComponent {
  std::string name = {};   ///< Unique within the aggregator.
  std::uint16_t port = 0;  ///< Included in the report.
  HealthCheck check = {};
  /// Whether the overall status depends on it.
  bool required = false;
  /// Upper limit of one probe; two seconds in the contract.
  Duration timeout = std::chrono::seconds(2);
  /// Whether this process answers in the component's place: then `source` says so.
  bool embedded = false;
};

/// The finding for one component, with its age and source.
struct ComponentHealth {
  ComponentHealth() = default;

  std::string name = {};
  Health health = Health::unknown;
  std::uint16_t port = 0;
  bool required = false;
  std::string reason = {};  ///< A stable word such as "circuit_open"; may be empty.
  std::string error =
      {};  ///< A short safe text such as "connection timeout after 2s"; may be empty.
  Duration latency = {};     ///< Duration of the probe.
  WallTime checked_at = {};  ///< Time of the finding, not of the report.
  EvidenceSource source = EvidenceSource::self;
};

/// The result of one round of probes.
struct VX11_API HealthReport {
  HealthReport() = default;

  /// `ok`: every required component is ok or available. `offline`: none of them is, the process
  /// itself excluded. `degraded`: anything between. If a deadline cut the round short, pending
  /// components exclude both ok and offline; if all are pending, it is `unknown`.
  Health overall = Health::unknown;
  std::vector<ComponentHealth> components{};  ///< In the order of the description.
  /// madre's power state; empty when there is no view or it did not answer.
  std::optional<PowerState> power = std::nullopt;

  /// The component with that name, or null.
  const ComponentHealth* find(std::string_view name) const noexcept;
};

/// The description of an aggregator.
struct HealthOptions {
  std::vector<HealthComponent> components{};
  /// Queried in parallel with the components, for policy and windows. Null: left out.
  std::shared_ptr<const PowerStateView> power = {};
  /// Maximum age of a round that is reused, counted from its end; breakers are always read anew.
  /// Zero: every call starts a round unless one is running.
  Duration reuse_for = Duration::zero();
  SteadyClock clock = {};
  WallClock wall_clock = {};
};

/// Probes all components in parallel and sums up the results.
///
/// One round runs at a time; concurrent callers share its result. Probes that suspend start on the
/// thread of the caller that starts the round; probes that block run in parallel on a small thread
/// pool of the aggregator. A round ends at the longest limit even if a probe exceeds its own: such
/// a component is reported unreachable and is not probed again until its probe has returned.
///
/// **Thread-safe**. Move-only; a moved-from object may only be destroyed. The destructor waits for
/// probes that block, and cancels those that suspend, which keep their probe alive until they have
/// ended. After `async_check` a coroutine resumes on the thread that ended the round, often an
/// event loop's or one of the few in the pool, so it should not block there. It may destroy the
/// aggregator.
class VX11_API HealthAggregator {
 public:
  /// \return every mistake of the description, by component name, in one `invalid_argument`: names
  ///         that are empty or used twice, a null probe or breaker, timeouts that are not positive,
  ///         a negative `reuse_for`, `PowerEvidence` without `power` or for two components
  static Result<HealthAggregator> create(HealthOptions options);
  /// For a description that is part of the program: mistakes are not errors here but appear in the
  /// reports, as a component with reason `not_configured` or one that always times out.
  explicit HealthAggregator(HealthOptions options);
  HealthAggregator(HealthAggregator&& other) noexcept;
  HealthAggregator& operator=(HealthAggregator&& other) noexcept;
  ~HealthAggregator();

  /// Blocks.
  /// \see async_check
  HealthReport check(Deadline deadline = {});
  /// \return the round's report; if `deadline` passes or its stop token fires first, the results so
  ///         far, with `unknown` for pending components. The round continues for other callers.
  Task<HealthReport> async_check(Deadline deadline = {});

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
