#pragma once

/// \file
/// The events of the routers: counted for the metrics; failed targets are logged.

#include <vx11/event_counters.hpp>
#include <vx11/events.hpp>

#include <memory>

#include "gateway/log/log.hpp"

namespace gateway {

/// Passes every event on, and logs why targets failed: an answer of the next one hides it from
/// clients. Thread-safe.
class ChatEvents final : public vx11::Events {
 public:
  /// \param counters receives every event
  /// \param log must outlive this object
  ChatEvents(std::shared_ptr<vx11::EventCounters> counters, Log& log);

  void on_event(const vx11::Event& event) noexcept override;

 private:
  std::shared_ptr<vx11::EventCounters> counters_;
  Log& log_;
};

}  // namespace gateway
