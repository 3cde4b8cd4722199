#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "settings.hpp"

namespace upstream {

/// The running services: the core, those of the open window, and those started by command.
/// Windows expire in real time. Thread-safe.
class Power {
 public:
  struct Outcome {
    int status = 200;
    nlohmann::json body = {};
  };

  nlohmann::json state(Dialect dialect);
  nlohmann::json status();
  nlohmann::json solo_madre_status();
  nlohmann::json apply_solo_madre();

  Outcome open_window(const nlohmann::json& order);
  Outcome close_window(const nlohmann::json& order);
  /// `action`: "start", "stop" or "restart".
  Outcome command(std::string_view service, std::string_view action);

 private:
  using Steady = std::chrono::steady_clock;
  using Wall = std::chrono::system_clock;

  struct Window {
    std::string id;
    std::vector<std::string> services;
    Wall::time_point created;
    std::optional<std::chrono::milliseconds> ttl;  // empty: no expiry
    Steady::time_point expires;                    // valid only with a ttl
  };

  // Call these with the lock held.
  void expire();
  bool runs(std::string_view service) const;
  std::vector<std::string> running() const;
  /// The running services as the deployed madre lists them: without the gateway.
  std::vector<std::string> started_by_madre() const;
  std::string policy() const;
  nlohmann::json window_times() const;

  std::mutex mutex_;
  std::optional<Window> window_;
  std::set<std::string, std::less<>> started_;
  int windows_opened_ = 0;
};

}  // namespace upstream
