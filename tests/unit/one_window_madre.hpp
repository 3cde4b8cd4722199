#pragma once

/// \file
/// A madre that keeps one window, for tests of a governor.

#include <vx11/power_governor.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

struct OneWindowMadre {
  explicit OneWindowMadre(vx11::testing::ManualClock& turned) : clock(turned) {}

  vx11::PowerState state() {
    expire();
    vx11::PowerState seen;
    seen.running = {"madre", "tentaculo_link", "redis"};
    if (!window) return seen;
    seen.windows.push_back(*window);
    for (const auto& service : window->services) seen.running.push_back(service);
    if (window->ttl) {
      using std::chrono::seconds;
      const auto left = *window->created_at + *window->ttl - clock.wall_now();
      seen.windows.back().remaining = std::max(std::chrono::floor<seconds>(left), seconds(0));
    }
    return seen;
  }
  vx11::MadreReply open(const vx11::WindowRequest& wanted) {
    expire();
    ++asked;
    if (window) return {409, R"({"detail":"open already"})"};
    window.emplace();
    window->id = "w" + std::to_string(asked);
    window->created_at = clock.wall_now() + ahead;
    opened = clock.now();
    window->ttl = wanted.ttl;
    window->services = wanted.services;
    return {200, R"({"window_id":")" + window->id + R"("})"};
  }
  void expire() {
    if (window && window->ttl && opened + *window->ttl <= clock.now()) window.reset();
  }

  vx11::testing::ManualClock& clock;
  std::optional<vx11::PowerWindow> window = std::nullopt;
  int asked = 0;                         ///< How often for a window.
  std::chrono::milliseconds ahead = {};  ///< Her wall clock's, of that of the governor.
  vx11::TimePoint opened = {};           ///< When the window was; her end is by this clock.
};
