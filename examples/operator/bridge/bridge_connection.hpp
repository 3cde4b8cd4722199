#pragma once

/// \file
/// One WebSocket of the bridge. Internal.

#include <vx11/task.hpp>
#include <vx11/websocket.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "operator/bridge/bridge_hub.hpp"
#include "operator/bridge/bridge_messages.hpp"
#include "operator/logins/socket_tokens.hpp"

namespace backend {

/// Reads the client's messages, starts and cancels its chats, and sends what it subscribes to.
///
/// `deliver`, `show_…`, `send`, `cut_off` and `end` are **thread-safe**; the rest belongs to the
/// connection's event loop. Shared: a chat that is being answered keeps it.
class BridgeConnection final : public std::enable_shared_from_this<BridgeConnection> {
 public:
  BridgeConnection(std::shared_ptr<BridgeHub> hub, BridgeCaller caller, std::string correlation_id,
                   std::shared_ptr<vx11::WebSocket> socket);

  /// Speaks with the client until the WebSocket has ended.
  static vx11::Task<void> run(std::shared_ptr<BridgeConnection> self);

  const BridgeCaller& caller() const noexcept { return caller_; }
  const BridgeContext& context() const noexcept { return hub_->context(); }
  const std::string& correlation_id() const noexcept { return correlation_id_; }

  /// \return false: it has ended, or the client is too slow and will be cut off
  bool send(const std::string& message);
  /// Cancels the chats and closes the WebSocket.
  void end(std::uint16_t code, std::string_view reason);
  /// An event, unless the client has it or still reads earlier ones from the store.
  void deliver(std::uint64_t id, const std::string& message);
  void show_status(const std::string& message);
  void show_power(const std::string& message);
  /// The client reads at its own speed; one that reads nothing for ten seconds is too slow.
  /// \return false: it is, or has left
  vx11::Task<bool> wait_for_client();
  /// Sends `lagging` and closes the WebSocket. Nothing happens if it has ended.
  void cut_off();

  /// Sends the last message of a chat. Its id is free when the client has the message.
  void finish_chat(const std::string& id, const std::string& message);

 private:
  class Membership;

  void take(const vx11::WebSocketMessage& message);
  void refuse(const BridgeMistake& mistake);
  bool allows(vx11::Scope scope, const std::optional<std::string>& id);
  void start_chat(BridgeRequest request);
  std::optional<std::stop_token> begin_chat(const std::string& id);
  void cancel_chat(const std::string& id);
  void cancel_chats();
  void subscribe(const BridgeRequest& request);
  void subscribe_events(std::optional<std::uint64_t> after, const std::string& confirmation);
  static vx11::Task<void> catch_up(std::shared_ptr<BridgeConnection> self);
  vx11::Task<bool> begin_backlog();
  void skip_to(const EventRange& stored);
  vx11::Task<std::optional<bool>> send_backlog();
  bool try_go_live(std::uint64_t newest);
  bool put(const std::string& message);

  const std::shared_ptr<BridgeHub> hub_;
  const BridgeCaller caller_;
  const std::string correlation_id_;
  const std::shared_ptr<vx11::WebSocket> socket_;
  std::size_t mistakes_ = 0;
  std::uint64_t asked_ = 0;  ///< Chats; for their correlation ids.
  std::atomic<bool> wants_status_ = false;
  std::atomic<bool> wants_power_ = false;
  std::atomic<bool> is_cut_off_ = false;

  std::mutex mutex_ = {};
  std::map<std::string, std::stop_source> chats_ = {};  ///< Guarded by `mutex_`, as those below.
  std::uint64_t delivered_ = 0;  ///< The client has the events up to this one, or a gap.
  bool is_live_ = false;         ///< Events are sent as they happen.
  bool is_catching_up_ = false;
};

}  // namespace backend
