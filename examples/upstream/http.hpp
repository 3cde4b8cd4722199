#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "net.hpp"

namespace upstream {

/// One request. Reused for the next one on the connection, so that its strings keep their capacity.
/// Not copyable or movable: `path` points into `target`.
struct Request {
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::string method;
  std::string target;
  std::string_view path;  ///< `target` without its query
  std::string head;       ///< request line and header as received
  std::string body;
  std::string user_agent;
  std::string power_key;    ///< x-vx11-power-key
  std::string power_token;  ///< x-vx11-power-token
  std::string token;        ///< x-vx11-token; several are joined by commas and match no token
  std::string peer;         ///< address of the client; of the connection, so clear() keeps it
  int version = 11;
  bool has_token = false;
  bool keep_alive = true;
  bool accepts_events = false;    ///< Accept names text/event-stream
  bool expects_continue = false;  ///< Expect: 100-continue

  void clear();
};

/// One response. `events`, if any, are sent in place of `body`, one chunk each.
struct Reply {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string headers;  ///< complete lines, each with its CRLF
  std::string body;
  std::vector<std::string> events;
  std::string error_event;             ///< what an error in the midst of `events` looks like
  std::chrono::milliseconds delay{0};  ///< before the first byte
  std::chrono::milliseconds gap{0};    ///< between two events
  bool calls_switch = false;           ///< only sent once switch has answered GET /health

  void clear();
  void set(int new_status, std::string new_body);
};

/// Appends status line and header, without the length and the final empty line.
void append_head(std::string& out, const Reply& reply, const Request& request);
/// Appends a Content-Length line.
void append_length(std::string& out, std::size_t length);
/// Appends `data` as one chunk of a chunked body.
void append_chunk(std::string& out, std::string_view data);

/// Parses bytes into a Request. One parser per request.
class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  enum class Progress { need_more, head_done, done, failed };

  explicit RequestParser(Request& request);

  /// Consumes bytes from `inbox`. Returns `head_done` once, before the body.
  Progress feed(boost::beast::flat_buffer& inbox);

 private:
  using View = boost::beast::string_view;
  using Length = boost::optional<std::uint64_t>;

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       error_code& ec) override;
  void on_response_impl(int code, View reason, int version, error_code& ec) override;
  void on_field_impl(boost::beast::http::field field, View name, View value,
                     error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const Length& length, error_code& ec) override;
  std::size_t on_body_impl(View piece, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, View piece, error_code& ec) override;
  void on_finish_impl(error_code& ec) override;

  Request& request_;
};

/// One endpoint: a member function of `Owner` that fills the reply.
template <class Owner>
struct Route {
  std::string_view method;
  std::string_view path;
  void (Owner::*handler)(const Request&, Reply&);
};

void reply_not_found(Reply& reply);
void reply_method_not_allowed(Reply& reply, std::string_view allowed);

/// Calls the handler of the request's route. Replies 405 for a known path with another method.
/// \return false if the path is not in the table
template <class Owner>
bool dispatch(std::span<const Route<Owner>> routes, Owner& owner, const Request& request,
              Reply& reply) {
  std::string_view allowed;
  for (const auto& route : routes) {
    if (route.path != request.path) continue;
    if (route.method == request.method) {
      (owner.*route.handler)(request, reply);
      return true;
    }
    allowed = route.method;
  }
  if (allowed.empty()) return false;
  reply_method_not_allowed(reply, allowed);
  return true;
}

}  // namespace upstream
