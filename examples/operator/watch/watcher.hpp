#pragma once

/// \file
/// Looks at the gateway every few seconds and turns what has changed into events.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "operator/parts/parts.hpp"

namespace backend {

struct WatcherOptions {
  /// The backend's own token, used for nothing else. Its scopes are `status` and `power:read`.
  std::string token = {};
  vx11::Duration interval = std::chrono::seconds(5);
  /// `power.window_ending` is reported when less than this is left of a window.
  std::chrono::seconds ending_before = std::chrono::seconds(60);
  /// Of each of the calls of a look, which run side by side.
  vx11::Duration read_timeout = std::chrono::seconds(5);
  vx11::WallClock wall_clock = {};
};

/// Looks from evidence alone: it wakes no service. What was reported last is read back from the
/// store at the start, so that a restart of the backend repeats nothing.
///
/// **Thread-safe**; the destructor stops its thread.
class Watcher {
 public:
  Watcher(const Parts& parts, WatcherOptions options);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  /// Starts the thread that looks. Once.
  void start();
  /// Looks once, on the calling thread. For tests, and before the thread runs.
  void look();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace backend
