#pragma once

/// \file
/// A client's connection under TLS. Internal.

#include <string_view>
#include <utility>

#include <sys/socket.h>

#include "net/socket/tls_channel.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class ServerTlsChannel final : public TlsOver<Channel> {
 public:
  ServerTlsChannel(Context context, Loop& loop, Socket socket)
      : TlsOver(std::move(context), loop, std::move(socket)) {}

 private:
  /// A client that speaks plain HTTP would see a broken connection only.
  void no_session() noexcept override {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 39\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: "
        "close\r\n\r\nthis port speaks HTTPS: write https://\n";
    if (!session().met_plain_http()) return;
    ::send(socket(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown_send();
  }
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
