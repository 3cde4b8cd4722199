#pragma once

/// \file
/// A chat over the WebSocket bridge. Internal.

#include <vx11/task.hpp>

#include <memory>
#include <stop_token>
#include <string>

#include "operator/bridge/bridge_connection.hpp"

namespace backend {

/// Asks the gateway with the token of the caller, and sends the answer as `delta` messages and one
/// `done` or `error`.
/// \param stop cancels it, at the gateway, too
vx11::Task<void> answer_chat(std::shared_ptr<BridgeConnection> to, BridgeRequest request,
                             std::string correlation_id, std::stop_token stop);

/// The audit gets an entry of a chat that is refused because the caller lacks the scope.
vx11::Task<void> note_refused_chat(std::shared_ptr<BridgeConnection> to, BridgeRequest request,
                                   std::string correlation_id);

}  // namespace backend
