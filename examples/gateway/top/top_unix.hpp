#pragma once

/// \file
/// GET over a Unix-domain socket, which the library's transports do not have. As HTTP/1.0, whose
/// answer ends with the connection: so there is nothing to parse that would justify to link an HTTP
/// client, such as cpp-httplib, to the gateway.

#include <vx11/clock.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <stop_token>
#include <string>

namespace gateway {

/// Blocks.
/// \param path of the request, with nothing that needs to be escaped
/// \param header a whole line with its end, or empty
/// \param limit for all of it
/// \return `timeout`, `cancelled`, `unreachable` with the system's reason, or `invalid_reply`, also
///         if the answer ends before its `Content-Length`
vx11::Result<vx11::HttpResponse> get_over_unix(const std::string& socket, const std::string& path,
                                               const std::string& header, vx11::Duration limit,
                                               const std::stop_token& stop = {});

}  // namespace gateway
