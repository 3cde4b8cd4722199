#pragma once

/// \file
/// `mount`: the operator endpoints on a cpp-httplib server that one already has; and `harden`.

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

/// Answers requests to one server by one API.
class Mounted {
 public:
  explicit Mounted(OperatorApi api) : api_(std::move(api)) {}

  /// GET, HEAD and OPTIONS, which need no body but may bring one.
  void operator()(const httplib::Request& from, httplib::Response& to) const {
    const auto control = control_fields_of(from.headers);
    if (!control) return answer(from, to, refusal(400), Ending::close);
    const HttpRequest request = head_from(from);
    answer(from, to, sync_wait(api_.handle(request)),
           has_body(*control) && !kServerReadsAnyBody ? Ending::close : Ending::keep);
  }

  /// POST and all else that may bring a body: refused by its head, if that is enough, before a byte
  /// of the body is read.
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
    // cpp-httplib would take such a body apart; no endpoint wants one.
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

  /// \return the status of the refusal, if reading did not end well
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

  /// Some versions take a chunk that does not end where it should for the last, and some read no
  /// chunks of a DELETE at all: what follows chunks may be anything.
  static Ending after(const http_detail::ControlFields& control) {
    return control.chunked ? Ending::close : Ending::keep;
  }

  OperatorApi api_;
};

}  // namespace detail

/// Puts the endpoints of `api` on `server`, beside whatever routes it has.
///
/// Every path below `/operator/` and `/vx11/` (up to 1 KiB), and `/health`, `/livez`, `/readyz` and
/// `/metrics` are answered by a copy of `api`, for every method. A route that was added before
/// wins, as always with cpp-httplib; nothing else of the server is touched.
///
/// A request that its head already earns a refusal (no token, wrong method, wrong type, declared
/// too large) is refused without its body being read. A connection whose request was not read to
/// its end is closed after the answer, so that no rest of it is ever taken for another request;
/// requests whose length two readers could understand differently are refused with 400. Out of our
/// hands is what cpp-httplib refuses before it asks any handler; some versions before 0.40 then go
/// on with the rest.
///
/// An error handler of the server's (`set_error_handler`) sees our errors as well, those
/// that close the connection without their body; if it writes one, that is what the client gets.
/// Set `set_tcp_nodelay(true)` before listening if you have not: cpp-httplib sends head and body
/// apart, and without it the body waits for the client's delayed acknowledgement, 40 ms. `harden`
/// does so.
///
/// Call it before the server listens.
inline void mount(httplib::Server& server, const OperatorApi& api) {
  const detail::Mounted mounted(api);
  const httplib::Server::Handler plain(mounted);
  const httplib::Server::HandlerWithContentReader reading(mounted);
  // Bounded, since std::regex recurses with every character and a path may have 8 KiB of them.
  for (const char* paths : {"/(?:operator|vx11)/.{1,1024}", "/(?:health|livez|readyz|metrics)"}) {
    server.Get(paths, plain).Options(paths, plain);
    server.Post(paths, reading).Put(paths, reading).Patch(paths, reading).Delete(paths, reading);
  }
}

/// What `harden` sets.
struct HttplibServerOptions {
  /// cpp-httplib gives each connection a thread for as long as it lasts, idle or not: so many
  /// clients are served at once, and the next waits until one of them has left.
  std::size_t threads = 64;
  /// The largest body for the server's own routes; the API's has its own limit.
  std::size_t max_body_bytes = 1024 * 1024;
  /// The most one read or write may wait for the client. A limit per operation, not per request:
  /// against clients that trickle put a reverse proxy in front.
  Duration io_timeout = std::chrono::seconds(5);
  /// How long an idle connection keeps its thread. Rounded up to whole seconds.
  Duration idle_timeout = std::chrono::seconds(5);
  /// Then it is closed, to let others have the thread. cpp-httplib's own is 5 (100 since 0.16).
  std::size_t max_requests_per_connection = 1000;
};

/// Sets on `server` what we would set on one of ours: the limits of `options`, TCP_NODELAY, and a
/// listener that two processes cannot share without knowing (cpp-httplib's default is
/// SO_REUSEPORT). Call it before the server listens.
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
