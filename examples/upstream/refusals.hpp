#pragma once

#include <string>
#include <string_view>

#include "faults.hpp"
#include "http.hpp"

namespace upstream {

/// Whether the fault is a refusal of the chat itself: `context_too_long`, `content_refused` or
/// `content_filtered`.
bool is_refusal(FaultKind kind);

/// The names of the servers whose words the refusal can have, separated by commas: the values of
/// the member `as`.
std::string servers_of(FaultKind kind);
/// Whether it can have those of `server`.
bool is_server_of(FaultKind kind, std::string_view server);

/// Fills `reply` with the refusal as the server `fault.as` sends it, or without one the server
/// whose API has the path of the request.
/// \param streams whether the answer would have been a stream; only `content_filtered` is one then
/// \return false if the fault is none or the API has no such refusal
bool refuse_chat(const Fault& fault, const Request& request, bool streams, Reply& reply);

}  // namespace upstream
