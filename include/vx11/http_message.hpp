#pragma once

/// \file
/// HTTP messages as plain values, used by clients, servers and the operator API.

#include <vx11/headers.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The client of a connection, as the server that accepted it knows it. Immutable once shared.
struct HttpPeer {
  HttpPeer() = default;
  explicit HttpPeer(std::string numeric) : address(std::move(numeric)) {}

  /// Numeric, without a port: `203.0.113.7`, `2001:db8::1`. Behind a trusted proxy that of its
  /// client. Empty if there is none, as over a Unix-domain socket.
  std::string address = {};
  /// The name in the certificate that the client has proved to own: its first URI (SPIFFE), else
  /// its first DNS name, else its first e-mail address. Empty without a certificate that is
  /// trusted, or if it has no such name.
  std::string certificate_name = {};
};

/// A request, as sent or received.
struct HttpRequest {
  HttpRequest() = default;
  HttpRequest(std::string verb, std::string base, std::string path)
      : method(std::move(verb)), origin(std::move(base)), target(std::move(path)) {}

  std::string method = "GET";
  /// Scheme and authority, `http://host[:port]`, no path. Empty in a request received by a server.
  std::string origin = {};
  /// Path and query as in the request line, not decoded.
  std::string target = "/";
  Headers headers = {};
  std::string body = {};
  /// Who sent it; null in a request that no server received.
  std::shared_ptr<const HttpPeer> peer = {};
};

/// A response, as sent or received.
struct HttpResponse {
  HttpResponse() = default;
  explicit HttpResponse(int code) : status(code) {}
  HttpResponse(int code, std::string_view content_type, std::string content)
      : status(code), body(std::move(content)) {
    headers.add("Content-Type", content_type);
  }

  int status = 200;
  Headers headers = {};
  std::string body = {};

  bool ok() const noexcept { return status >= 200 && status < 300; }
};

}  // namespace v0
}  // namespace vx11
