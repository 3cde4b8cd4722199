#pragma once

/// \file
/// Results of an HTTP reader for bytes in pieces, for comparison.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "net/http/request_reader.hpp"
#include "net/http/response_reader.hpp"

namespace http_readings {

struct Reading {
  enum class End { done, more, failed };
  End end = End::more;
  int status = 0;          ///< Of a request's refusal; of a response, 413 or 502 for a bad one.
  std::string text = {};   ///< The whole message if it is `done`.
  std::size_t unread = 0;  ///< Bytes after the message.
  bool keep_alive = false;
  bool expects_continue = false;

  friend bool operator==(const Reading&, const Reading&) = default;
};

inline Reading failed(int status) {
  Reading reading;
  reading.end = Reading::End::failed;
  reading.status = status;
  return reading;
}

inline std::string text_of(const vx11::Headers& headers) {
  std::string text;
  for (const vx11::Header header : headers) {
    text.append(header.name).append("=").append(header.value).append("\n");
  }
  return text;
}

/// The bytes that have come of a message and were not consumed.
class Arriving {
 public:
  explicit Arriving(std::string_view bytes) : to_come_(bytes) {}

  bool nothing_to_come() const { return to_come_.empty(); }
  void receive(std::size_t size) {
    unread += to_come_.substr(0, size);
    to_come_.remove_prefix(std::min(size, to_come_.size()));
  }
  std::size_t left() const { return unread.size() + to_come_.size(); }

  std::string unread = {};

 private:
  std::string_view to_come_;
};

/// \param piece gives the size of the next piece, at least 1
template <class Piece>
Reading read_request(std::string_view bytes, const vx11::net_detail::RequestLimits& limits,
                     Piece piece) {
  using Next = vx11::net_detail::RequestReader::Next;
  vx11::net_detail::RequestReader reader(limits);
  Arriving arriving(bytes);
  for (bool head_done = false;;) {
    std::size_t used = 0;
    const Next next = head_done ? reader.read_body(arriving.unread, used)
                                : reader.read_head(arriving.unread, used);
    arriving.unread.erase(0, used);
    if (next == Next::refused) return failed(reader.status());
    if (next == Next::done && (head_done || !reader.has_body())) break;
    if (next == Next::done) {
      head_done = true;
    } else if (arriving.nothing_to_come()) {
      return {};
    } else {
      arriving.receive(piece());
    }
  }
  Reading reading;
  reading.end = Reading::End::done;
  const vx11::HttpRequest& request = reader.request();
  reading.text = request.method + " " + request.target + (reader.is_1_0() ? " 1.0\n" : " 1.1\n");
  reading.text += text_of(request.headers) + request.body;
  reading.unread = arriving.left();
  reading.keep_alive = reader.keep_alive();
  reading.expects_continue = reader.expects_continue();
  return reading;
}

/// \param closed whether the connection ends after `bytes`
template <class Piece>
Reading read_response(std::string_view bytes, bool closed,
                      const vx11::net_detail::ResponseLimits& limits, Piece piece,
                      vx11::net_detail::ResponseReader::Body body =
                          vx11::net_detail::ResponseReader::Body::expected) {
  using Next = vx11::net_detail::ResponseReader::Next;
  vx11::net_detail::ResponseReader reader(limits, body);
  Arriving arriving(bytes);
  Next next = Next::more;
  while (next != Next::done && next != Next::failed) {
    std::size_t used = 0;
    next = reader.read(arriving.unread, used);
    arriving.unread.erase(0, used);
    if (next != Next::more) continue;
    if (!arriving.nothing_to_come()) {
      arriving.receive(piece());
    } else if (closed) {
      next = reader.end_of_stream();
    } else {
      return {};
    }
  }
  if (next == Next::failed) {
    return failed(reader.error().code == vx11::Errc::too_large ? 413 : 502);
  }
  Reading reading;
  reading.end = Reading::End::done;
  reading.status = reader.response().status;
  reading.text = text_of(reader.response().headers) + reader.response().body;
  reading.unread = arriving.left();
  reading.keep_alive = reader.keep_alive();
  return reading;
}

}  // namespace http_readings
