#pragma once

/// \file
/// Sinks of events made of others: several sinks, and a function.

#include <vx11/events.hpp>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Passes every event on to several sinks, in order: counters and a log. Immutable.
class EventFanOut final : public Events {
 public:
  explicit EventFanOut(std::vector<SharedEvents> sinks) : sinks_(std::move(sinks)) {}

  void on_event(const Event& event) noexcept override {
    for (const SharedEvents& sink : sinks_) sink(event);
  }

 private:
  const std::vector<SharedEvents> sinks_;
};

namespace detail {
template <class Function>
class EventFunction final : public Events {
 public:
  explicit EventFunction(Function function) : function_(std::move(function)) {}

  void on_event(const Event& event) noexcept override { function_(event); }

 private:
  const Function function_;
};
}  // namespace detail

/// A sink that calls a function for every event: by several threads at a time. The function must be
/// `noexcept`, which the compiler checks.
///
/// ```cpp
/// vx11::SharedEvents events = vx11::make_events(
///     [](const vx11::Event& event) noexcept { std::printf("%d", static_cast<int>(event.kind)); });
/// ```
template <class Function>
requires std::is_nothrow_invocable_v<const Function&, const Event&> SharedEvents
make_events(Function function) {
  return std::make_shared<detail::EventFunction<Function>>(std::move(function));
}

}  // namespace v0
}  // namespace vx11
