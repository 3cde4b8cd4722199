#pragma once

/// \file
/// Carries out what the rules of power windows decide.

#include <vx11/power_governor.hpp>
#include <vx11/power_state_client.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "gateway/config/config.hpp"
#include "gateway/power/power_lease.hpp"
#include "gateway/power/power_ledger.hpp"
#include "gateway/power/power_transports.hpp"
#include "gateway/telemetry/request_logs.hpp"

namespace gateway {

/// Reads madre's state at intervals and sends her the governor's orders, on a thread of its own: a
/// command may take a minute, which neither the event loops nor the main thread may wait.
class PowerKeeper {
 public:
  PowerKeeper(std::shared_ptr<vx11::PowerGovernor> governor,
              std::shared_ptr<const vx11::PowerStateClient> madre,
              std::shared_ptr<SwitchUse> switch_use, PowerLease lease, const PowerConfig& config);
  /// Cancels a command in progress.
  ~PowerKeeper() = default;

  void start();
  /// From now on nothing is decided; a command in progress is cancelled.
  void stop() { thread_.request_stop(); }

 private:
  void run(const std::stop_token& stop);
  void step(const std::stop_token& stop);
  bool look(const std::stop_token& stop);
  void note_use();
  void begin(vx11::PowerOrder order, const std::stop_token& stop);
  void carry_out(const vx11::PowerOrder& order, const std::stop_token& stop);

  const std::shared_ptr<vx11::PowerGovernor> governor_;
  const std::shared_ptr<const vx11::PowerStateClient> madre_;
  const std::shared_ptr<SwitchUse> switch_use_;
  const PowerLease lease_;
  const Duration interval_;
  const Duration command_limit_;
  vx11::TimePoint next_look_ = {};  ///< Of the thread.
  std::mutex mutex_ = {};           ///< For the wait alone.
  std::condition_variable_any never_ = {};
  std::atomic<bool> has_ended_ = false;  ///< A command, of which the lease does not know yet.
  std::jthread command_ = {};            ///< Carries an order out, while madre's state is read on.
  std::jthread thread_ = {};             ///< Last: it uses all of these.
};

/// What of power lasts through a reload. Copies share all parts.
struct Power {
  std::shared_ptr<vx11::PowerGovernor> governor = {};        ///< Null: it is made.
  std::shared_ptr<const vx11::PowerStateClient> madre = {};  ///< Of this configuration.
  std::shared_ptr<PowerKeeper> keeper = {};                  ///< The same; null: no rules.
  std::shared_ptr<LedgerFile> ledger = {};                   ///< Null: no rules so far.
  std::shared_ptr<vx11::RedisLease> lease = {};              ///< Null: this gateway acts alone.
  std::shared_ptr<SwitchUse> switch_use = std::make_shared<SwitchUse>();

  /// Makes the governor anew for `config`, with the state that it had.
  /// \param logs get what it opens and closes itself; may be null
  vx11::Result<void> renew(const GatewayConfig& config, std::shared_ptr<const RequestLogs> logs);
  /// How madre is asked from then on; makes a keeper if there are rules. After `renew`.
  /// \param redis null: no other gateway is known of
  vx11::Result<void> use(const GatewayConfig& config,
                         std::shared_ptr<const vx11::PowerStateClient> client,
                         std::shared_ptr<vx11::RedisClient> redis);
  void come_into_force() const;
  /// To be called each second.
  void tend() const;
  void stop() const;
  void save() const;
};

}  // namespace gateway
