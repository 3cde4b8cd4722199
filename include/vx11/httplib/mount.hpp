#pragma once

/// \file
/// `mount`: the operator endpoints on an existing cpp-httplib server; `harden`: safe settings for
/// it.

#include <vx11/httplib/detail/framing.hpp>
#include <vx11/httplib/detail/server_message.hpp>
#include <vx11/operator_api.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <httplib.h>
#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {

namespace detail {

/// Answers the requests of one server with one API.
class Mounted {
 public:
  explicit Mounted(OperatorApi api) : api_(std::move(api)) {}

  /// GET, HEAD and OPTIONS, which may but need not have a body.
  void operator()(const httplib::Request& from, httplib::Response& to) const {
    const auto control = control_fields_of(from.headers);
    if (!control) return answer(from, to, refusal(400), Ending::close);
    const HttpRequest request = head_from(from);
    answer(from, to, sync_wait(api_.handle(request)),
           has_body(*control) && !kServerReadsAnyBody ? Ending::close : Ending::keep);
  }

  /// POST and all other methods that may have a body: refused by the head, where possible, before
  /// any byte of the body is read.
  void operator()(const httplib::Request& from, httplib::Response& to,
                  const httplib::ContentReader& reader) const {
    const auto control = control_fields_of(from.headers);
    if (!control) return answer(from, to, refusal(400), Ending::close);
    HttpRequest request = head_from(from);
    auto admission = api_.admit(request);
    if (!has_body(*control)) {
      return answer(
          from, to,
          admission ? sync_wait(api_.handle(request, *admission)) : std::move(admission.error()),
          Ending::keep);
    }
    // cpp-httplib would parse a multipart body; no endpoint accepts one.
    const bool form = from.is_multipart_form_data();
    if (form && admission) admission = tl::unexpected(refusal(415));
    if (!admission) {
      return answer(from, to, std::move(admission.error()), Ending::close,
                    form ? Linger() : linger_over(reader));
    }
    if (const auto failed = read(reader, request.body, to)) {
      return answer(from, to, refusal(*failed), Ending::close);
    }
    answer(from, to, sync_wait(api_.handle(request, *admission)), after(*control));
  }

 private:
  static Linger linger_over(const httplib::ContentReader& reader) {
    return kReaderOutlivesHandler ? Linger(reader) : Linger();
  }

  /// \return the status of the refusal if reading failed
  std::optional<int> read(const httplib::ContentReader& reader, std::string& body,
                          const httplib::Response& to) const {
    bool too_large = false;
    const bool done = reader([&](const char* bytes, std::size_t size) {
      too_large = size > api_.max_body_bytes() - body.size();
      if (!too_large) body.append(bytes, size);
      return !too_large;
    });
    if (done) return std::nullopt;
    if (too_large) return 413;
    return to.status == 413 || to.status == 415 ? to.status : 400;
  }

  /// Some versions treat a chunk with a misplaced end as the last one, and some do not read chunks
  /// of a DELETE: the bytes after a chunked body cannot be trusted.
  static Ending after(const http_detail::ControlFields& control) {
    return control.chunked ? Ending::close : Ending::keep;
  }

  OperatorApi api_;
};

}  // namespace detail

/// Adds the endpoints of `api` to `server`, next to its existing routes.
///
/// All paths below `/operator/` and `/vx11/` (up to 1 KiB), and `/health`, `/livez`, `/readyz` and
/// `/metrics` are answered by a copy of `api`, for every method. Routes added earlier take
/// precedence, as always with cpp-httplib; nothing else on the server changes.
///
/// A request that its head already disqualifies (no token, wrong method, wrong type, declared
/// length too large) is refused without reading its body. If a request was not read to its end, the
/// connection is closed after the response, so that the remaining bytes are never parsed as another
/// request. Requests with an ambiguous length are refused with 400. Not covered: requests that
/// cpp-httplib refuses before it calls a handler; some versions before 0.40 then continue with the
/// remaining bytes.
///
/// An error handler of the server (`set_error_handler`) also sees the errors of `api`, those that
/// close the connection without their body; if it writes a body, the client gets that one. Call
/// `set_tcp_nodelay(true)` (or `harden`) before listening: cpp-httplib sends head and body
/// separately, and without it the body waits for the client's delayed acknowledgement, 40 ms.
///
/// Call it before the server listens.
inline void mount(httplib::Server& server, const OperatorApi& api) {
  const detail::Mounted mounted(api);
  const httplib::Server::Handler plain(mounted);
  const httplib::Server::HandlerWithContentReader reading(mounted);
  // Bounded: std::regex recurses for every character, and a path may be 8 KiB long.
  for (const char* paths : {"/(?:operator|vx11)/.{1,1024}", "/(?:health|livez|readyz|metrics)"}) {
    server.Get(paths, plain).Options(paths, plain);
    server.Post(paths, reading).Put(paths, reading).Patch(paths, reading).Delete(paths, reading);
  }
}

/// Settings of `harden`.
struct HttplibServerOptions {
  /// Clients served at once: cpp-httplib uses one thread per connection, idle or not; further
  /// clients wait until a connection closes.
  std::size_t threads = 64;
  /// The largest body for the server's own routes; the API has its own limit.
  std::size_t max_body_bytes = 1024 * 1024;
  /// The longest wait of one read or write. Per operation, not per request: against clients that
  /// trickle, use a reverse proxy.
  Duration io_timeout = std::chrono::seconds(5);
  /// How long an idle connection keeps its thread. Rounded up to whole seconds.
  Duration idle_timeout = std::chrono::seconds(5);
  /// Requests per connection; then it is closed to free the thread for others. cpp-httplib's
  /// default is 5 (100 since 0.16).
  std::size_t max_requests_per_connection = 1000;
};

/// Applies recommended settings to `server`: the limits of `options`, TCP_NODELAY, and exclusive
/// use of the port (cpp-httplib's default is SO_REUSEPORT, which lets a second process share it
/// unnoticed). Call it before the server listens.
inline void harden(httplib::Server& server, const HttplibServerOptions& options = {}) {
  server.set_tcp_nodelay(true);
  server.set_payload_max_length(options.max_body_bytes);
  server.set_read_timeout(options.io_timeout);
  server.set_write_timeout(options.io_timeout);
  server.set_keep_alive_timeout(
      std::chrono::ceil<std::chrono::seconds>(options.idle_timeout).count());
  server.set_keep_alive_max_count(options.max_requests_per_connection);
  server.set_socket_options([](socket_t listener) {
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  server.new_task_queue = [threads = options.threads] { return new httplib::ThreadPool(threads); };
}

}  // namespace v0
}  // namespace vx11
