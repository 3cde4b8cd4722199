#pragma once

#include <atomic>
#include <cstdint>

#include "power.hpp"
#include "settings.hpp"
#include "site.hpp"

namespace upstream {

/// The orchestrator: power windows and the fallback chat.
class Madre final : public Service {
 public:
  explicit Madre(const Settings& settings) : settings_(settings) {}

  void answer(const Request& request, Reply& reply) override;
  /// As if the process had been started anew: with a window open, the deployed madre then answers
  /// its power state with 500 until the window is closed.
  void restart() { power_.restart(); }

 private:
  void health(const Request& request, Reply& reply);
  void power_state(const Request& request, Reply& reply);
  void power_token(const Request& request, Reply& reply);
  void power_status(const Request& request, Reply& reply);
  void solo_madre_status(const Request& request, Reply& reply);
  void apply_solo_madre(const Request& request, Reply& reply);
  void open_window(const Request& request, Reply& reply);
  void close_window(const Request& request, Reply& reply);
  void chat(const Request& request, Reply& reply);
  void intent(const Request& request, Reply& reply);
  void service_command(const Request& request, Reply& reply);

  void take_time(Reply& reply) const;

  const Settings& settings_;
  Power power_;
  std::atomic<std::uint64_t> chats_{0};
  std::atomic<std::uint64_t> intents_{0};
};

}  // namespace upstream
