#pragma once

/// \file
/// A request as the bytes that go out. Internal.

#include <vx11/http_message.hpp>

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Whether the request can be sent as it is: a method, target or field with bytes that would end
/// its line is how one request becomes two.
bool is_sendable(const HttpRequest& request) noexcept;

/// Writes the whole request over `out`, with Host, Content-Length and, unless given, User-Agent.
void write_request(std::string& out, const HttpRequest& request, std::string_view authority);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
