#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "http.hpp"
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

  /// \param zoned whether times end in +00:00Z
  /// \return none if madre was restarted with a window open
  std::optional<nlohmann::json> state(Dialect dialect, bool zoned);
  nlohmann::json status();
  nlohmann::json solo_madre_status();
  nlohmann::json apply_solo_madre();

  Outcome open_window(const nlohmann::json& order, bool zoned);
  Outcome close_window(const nlohmann::json& order);
  /// `action`: "start", "stop" or "restart".
  Outcome command(std::string_view service, std::string_view action);
  /// What `command` would do.
  static Outcome plan(std::string_view service, std::string_view action);

  /// A token for one command within `lifetime`, bound to the client's address and User-Agent.
  std::string issue_token(const Request& request, std::chrono::milliseconds lifetime);
  /// Whether a service command carries the phrase, the key and a token of its client, which is then
  /// used up.
  bool may_apply(const Request& request);
  /// Counts a command that is to be carried out for the client's address.
  /// \return how long to wait if `limit` of the last minute is used up; 0 is no limit
  std::optional<std::chrono::seconds> excess(const Request& request, int limit);
  void restart();

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

  struct Token {
    std::string peer;
    std::string user_agent;
    Steady::time_point expires;
  };

  // Call these with the lock held.
  void expire();
  bool runs(std::string_view service) const;
  bool is_in_window(std::string_view service) const;
  std::vector<std::string> running() const;
  /// The running services as the deployed madre lists them: without the gateway, unless the window
  /// has it.
  std::vector<std::string> started_by_madre() const;
  std::string policy() const;
  nlohmann::json window_times(bool zoned) const;

  std::mutex mutex_;
  std::optional<Window> window_;
  std::set<std::string, std::less<>> started_;
  std::map<std::string, Token, std::less<>> tokens_;
  std::map<std::string, std::deque<Steady::time_point>, std::less<>> commands_;  ///< by address
  int windows_opened_ = 0;
  int tokens_issued_ = 0;
  bool unreadable_ = false;  ///< restarted with a window open
};

}  // namespace upstream
