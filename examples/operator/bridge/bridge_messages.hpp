#pragma once

/// \file
/// The messages of the WebSocket bridge (subprotocol `vx11.v1`), each a JSON object. Internal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"
#include "operator/events/event_store.hpp"

namespace backend {

/// What a client may subscribe to.
struct BridgeChannels {
  bool events = false;
  bool status = false;
  bool power = false;
};

enum class BridgeRequestKind : std::uint8_t { chat, cancel, subscribe, ping };

/// A message of a client.
struct BridgeRequest {
  BridgeRequestKind kind = BridgeRequestKind::ping;
  std::string id = {};    ///< Of a chat.
  std::string chat = {};  ///< The body of the request to the gateway.
  BridgeChannels channels = {};
  std::optional<std::uint64_t> after = std::nullopt;  ///< Events with larger ids.
};

/// Why a message is refused.
struct BridgeMistake {
  std::string code = {};
  std::string message = {};
  std::optional<std::string> id = std::nullopt;  ///< Of the message, if it has a valid one.
};

/// An id of a client has 1 to 128 bytes. Members that are not known are ignored; what a chat says
/// is checked by the gateway.
tl::expected<BridgeRequest, BridgeMistake> parse_bridge_request(std::string_view text);

std::string delta_message(const std::string& id, const std::string& text);
/// \param data `ChatEvent::data` of `done`
std::string done_message(const std::string& id, nlohmann::json data);
/// \param detail left out if it is empty
std::string error_message(const BridgeMistake& mistake, const std::string& correlation_id = {},
                          nlohmann::json detail = {});
/// A chat that was answered otherwise than by a stream, or broke off: `data` is the answer's body.
std::string chat_error_message(const std::string& id, int status, const nlohmann::json& data,
                               const std::string& correlation_id);
std::string event_message(const StoredEvent& event);
/// Events with ids between these two are not sent.
std::string bridge_gap_message(std::uint64_t after, std::uint64_t before);
std::string status_message(const nlohmann::json& status);
std::string power_message(const nlohmann::json& window);
std::string subscribed_message(BridgeChannels channels);

}  // namespace backend
