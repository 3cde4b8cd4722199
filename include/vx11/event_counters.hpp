#pragma once

/// \file
/// `EventCounters`: counts events for `GET /metrics`.

#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/metric_family.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Options of `EventCounters`.
struct EventCountersOptions {
  /// How many names are counted apart. Events of further ones are counted under the name "other":
  /// each name is up to `kEventKinds` series, which Prometheus stores for ever. At about 400 bytes
  /// each, the default takes 40 KiB at most.
  std::size_t max_names = 100;
  /// Counts what was not declared under "other", whose series are all shown from 0 on. For programs
  /// that call `families` once: otherwise what is seen after that call is counted, but not shown.
  /// Default: a name gets its series with its first event.
  bool declared_only = false;
};

/// Counts events by kind and name.
///
/// ```cpp
/// auto counters = std::make_shared<vx11::EventCounters>();
/// counters->declare("circuit", "search");  // its series begin at 0
/// vx11::CircuitBreaker breaker({.name = "search", .events = counters});
/// std::vector<vx11::MetricFamily> shown = counters->families();  // vx11_events_total{event,name}
/// ```
///
/// **Thread-safe.** Counting is lock-free and allocates only for the first event of a name that was
/// not declared; without memory for it, the event is counted under "other".
class VX11_API EventCounters final : public Events {
 public:
  explicit EventCounters(EventCountersOptions options = {});
  ~EventCounters() override;

  void on_event(const Event& event) noexcept override;

  /// Shows the series of every kind of `part` for `name` from 0 on, so that the first event is an
  /// increase.
  /// \param part `EventInfo::part`, such as `circuit`
  /// \param name `Event::name` of the policy
  /// \return false, without an effect: no kind has this part, or there are `max_names` already
  bool declare(std::string_view part, std::string_view name);

  /// The events of `kind` with this name so far.
  std::uint64_t count(EventKind kind, std::string_view name) const noexcept;
  /// The events of `kind` with any name so far.
  std::uint64_t count(EventKind kind) const noexcept;

  /// `vx11_events_total`: a series for every kind and name that was declared or has been seen. The
  /// series count on; names and kinds that are seen later are in the result of a later call.
  /// The result may outlive this object.
  std::vector<MetricFamily> families() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
