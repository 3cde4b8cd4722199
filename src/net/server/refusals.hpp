#pragma once

/// \file
/// The answers that the server gives without the handler. Internal.

#include <vx11/http_handler.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A refusal with the fields of every answer, as the handler completes it.
/// \param head what has been read of the request, with its peer
/// \param why  plain text that needs no escaping
HttpResponse server_refusal(const HttpHandler& handler, const HttpRequest& head, int status,
                            std::string_view why);

/// To a connection for which there is no room.
HttpResponse no_room(const HttpHandler& handler, const HttpRequest& head);

/// To a request whose handler has thrown. The handler does not complete it: it has had the request.
HttpResponse internal_error(const HttpRequest& head);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
