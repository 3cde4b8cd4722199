#pragma once

/// \file
/// The opening handshake of a server (RFC 6455 §4.2). Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace websocket {

/// The answer 101, or a refusal.
HttpResponse answer_to(const HttpRequest& request, const std::vector<std::string>& subprotocols);

/// `Sec-WebSocket-Accept` for a key.
std::string accept_of(std::string_view key);

}  // namespace websocket
}  // namespace v0
}  // namespace vx11
