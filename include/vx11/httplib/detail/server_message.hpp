#pragma once

/// \file
/// Converts requests and responses between cpp-httplib's server and ours, and closes connections
/// whose request was not read to its end. Internal to `vx11/httplib.hpp`.

#include <vx11/clock.hpp>
#include <vx11/http_message.hpp>
#include <vx11/httplib/detail/version.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Casts away const: the server passes its variable to handlers as const.
inline httplib::Request& writable(const httplib::Request& request) {
  return const_cast<httplib::Request&>(request);
}

/// Everything but the body.
inline HttpRequest head_from(const httplib::Request& from) {
  // Added to the headers by cpp-httplib itself.
  constexpr std::array<std::string_view, 4> kAdded = {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR",
                                                      "LOCAL_PORT"};
  HttpRequest request(from.method, {}, from.target);
  for (const auto& [name, value] : from.headers) {
    if (std::ranges::find(kAdded, name) == kAdded.end()) request.headers.add(name, value);
  }
  return request;
}

/// What happens to the connection after the response.
enum class Ending : unsigned char {
  keep,   ///< The request has been read to its end.
  close,  ///< It has not: the remaining bytes must not be parsed as the next request.
};

/// Reads the remaining bytes of a request that was already answered, so that the response is not
/// lost: closing a socket with unread bytes sends an RST, which may overtake it.
class Linger {
 public:
  Linger() = default;
  explicit Linger(httplib::ContentReader reader) : reader_(std::move(reader)) {}

  /// Bounded: a refused client must not keep a thread busy.
  void briefly() {
    constexpr std::size_t kBytes = 8 * 1024 * 1024;
    constexpr std::chrono::seconds kTime(2);
    const SteadyClock clock;
    const TimePoint end = clock.now() + kTime;
    std::size_t read = 0;
    until([&](std::size_t size) { return (read += size) < kBytes && clock.now() < end; });
  }
  void drop() { reader_.reset(); }
  /// Unbounded, as for any request that is not refused.
  void to_the_end() {
    until([](std::size_t) { return true; });
  }

 private:
  template <class Continue>
  void until(Continue go_on) {
    if (!reader_) return;
    const auto reader = std::exchange(reader_, std::nullopt);
    (*reader)([&](const char*, std::size_t size) { return go_on(size); });
  }

  std::optional<httplib::ContentReader> reader_ = std::nullopt;
};

/// Sends the response and forces a close, where `Connection: close` is not enough. The server stops
/// when a content provider fails, so this provider sends the response and then fails; it uses
/// chunks where it can, so that the client sees the end of the response before the close.
///
/// If an error handler of the server writes its own body, that body replaces ours. Then the
/// provider may not be called and the connection stays open: the rest of the request is read when
/// the response is released.
inline void answer_and_fail(const httplib::Request& request, httplib::Response& to,
                            const std::string& type, std::string body, Linger linger) {
  struct Last {
    std::string body;
    Linger linger;
    int status;
  };
  const bool chunks = !kProviderBeforeBody && !body.empty() && request.version == "HTTP/1.1";
  const auto last = std::make_shared<Last>(Last{std::move(body), std::move(linger), to.status});
  const auto send = [last, chunks, &to](std::size_t, httplib::DataSink& sink) {
    const std::string& said = to.body.empty() ? last->body : to.body;
    if (!said.empty()) sink.write(said.data(), said.size());
    if (sink.done) sink.done();  // absent if a body with a length has replaced ours
    chunks ? last->linger.briefly() : last->linger.drop();  // clients without chunks wait for close
    to.status = last->status;  // reading changes it, and loggers still need it
    return false;
  };
  const auto done = [last](bool) { last->linger.to_the_end(); };
  if (chunks) {
    to.set_chunked_content_provider(type, send, done);
  } else {
    if (request.method == "HEAD") writable(request).method = "GET";  // else it is not called
    to.set_content_provider(type, send, done);
  }
}

/// Converts `from` into the server's response.
inline void answer(const httplib::Request& request, httplib::Response& to, HttpResponse from,
                   Ending ending, Linger linger = {}) {
  if (request.method == "HEAD") {
    if (!from.body.empty()) from.headers.set("Content-Length", std::to_string(from.body.size()));
    from.body.clear();
  } else {
    from.headers.remove("Content-Length");
  }
  for (const char* ours : {"Connection", "Keep-Alive", "Transfer-Encoding"}) {
    from.headers.remove(ours);
  }
  const std::string type(from.headers.get("Content-Type", "text/plain"));
  const bool closes = ending == Ending::close;
  if (closes || !from.body.empty()) from.headers.remove("Content-Type");  // set with the body
  for (const Header header : from.headers) {
    to.set_header(std::string(header.name), std::string(header.value));
  }
  const bool says_close =
      request.get_header_value("Connection") == "close" || (kServerSaysClose && from.status >= 400);
  if (closes && !says_close) to.set_header("Connection", "close");
  to.status = from.status;
  writable(request).ranges.clear();  // an endpoint does not serve ranges
  if (closes) {
    answer_and_fail(request, to, type, std::move(from.body), std::move(linger));
  } else if (!from.body.empty()) {
    to.set_content(from.body, type);
  }
}

/// Formats an error of this status as the library does, for requests that do not reach the API.
inline HttpResponse refusal(int status) {
  const std::string_view word = status == 413   ? "too_large"
                                : status == 415 ? "unsupported_media_type"
                                                : "bad_request";
  std::string body = R"({"error":")";
  body.append(word).append(R"(","status_code":)").append(std::to_string(status)).append("}");
  return HttpResponse(status, "application/json", std::move(body));
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
