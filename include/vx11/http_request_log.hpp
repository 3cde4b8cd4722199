#pragma once

/// \file
/// One record for each request, around any `HttpHandler`: the source of access and audit logs.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

class Tracer;

/// How an answer ended.
enum class AnswerEnd : unsigned char {
  whole,        ///< It was no stream.
  done,         ///< A stream, complete.
  error,        ///< A stream that reports an error, or broke off.
  client_left,  ///< The client left before its end.
};

/// `whole`, `done`, `error` or `client_left`.
VX11_API std::string_view to_string(AnswerEnd end) noexcept;

/// One request and its answer, without anything secret: no token, no content. Views, valid during
/// the call that gets it.
struct RequestRecord {
  WallTime received = {};            ///< When its head was complete.
  std::string_view request_id = {};  ///< As answered in `X-Request-Id`.
  /// Of its trace, or of a valid `traceparent` (W3C) if it is not traced here; else empty.
  std::string_view trace_id = {};
  std::string_view principal = {};  ///< Of an admitted request; empty if unknown.
  std::string_view peer = {};       ///< The numeric address of the client; empty if unknown.
  std::string_view method = {};
  /// As received, with ids and a query: for a sink that needs a part of it, not for a log.
  std::string_view target = {};
  std::string_view route = {};  ///< Its pattern, never a path; empty: none.
  int status = 0;
  Duration duration = {};        ///< To the answer, or to the end of its stream.
  std::size_t bytes_in = 0;      ///< Of the body that was read.
  std::size_t bytes_out = 0;     ///< Of the body that was answered.
  std::string_view source = {};  ///< Of a chat: the target that answered; else empty.
  std::size_t attempts = 0;      ///< Of a chat: how many targets were asked.
  std::string_view error = {};   ///< The word of a refusal or an error; empty if there is none.
  AnswerEnd end = AnswerEnd::whole;
  bool is_admitted = false;       ///< False: refused by its head alone.
  std::string_view span_id = {};  ///< Of its span; empty: it is not traced.
  bool is_sampled = false;        ///< Whether its trace is recorded, for exemplars.
  /// Of a chat: why the target that was to answer first did not, such as `switch_timeout`; else
  /// empty.
  std::string_view fallback = {};
  /// Of a command to madre: `done`, `planned`, `refused`, `failed`, `pending` (she carries it out
  /// later, or has not answered in time) or `unknown`; else empty.
  std::string_view outcome = {};
  /// When its answer, or the stream, ended, on the clock of the log: for sinks that count by time.
  TimePoint ended = {};
};

/// Receives records on the threads that handle requests, and must be thread-safe. Must not throw or
/// block.
using RequestSink = std::function<void(const RequestRecord&)>;

/// Where records go.
struct RequestLogOptions {
  RequestSink sink = {};  ///< Required.
  SteadyClock clock = {};
  WallClock wall_clock = {};
  /// Traces each request. Null, the default: none is traced.
  std::shared_ptr<const Tracer> tracer = {};
};

/// A handler that answers as `inner` and reports each request once: when it is refused, answered,
/// or its stream has ended; also those that the server refuses itself, such as one whose head
/// cannot be read (`RefusalHandler`). Put it around all other handlers. Thread-safe.
/// \return `invalid_argument` if the handler or the sink is missing
VX11_API Result<std::shared_ptr<HttpHandler>> make_request_log(std::shared_ptr<HttpHandler> inner,
                                                               RequestLogOptions options);

/// The record as one line of JSON, without a line break, with the members `time`, `request_id`,
/// `trace_id`, `principal`, `peer`, `method`, `route`, `status`, `duration_ms`, `bytes_in`,
/// `bytes_out`, `upstream`, `attempts`, `error` and `end`. What is empty or unknown is left out, as
/// `end` is for a whole answer.
VX11_API std::string to_json_line(const RequestRecord& record);
/// The same at the end of `to`: a buffer that is used again is not allocated for each line.
VX11_API void append_json_line(std::string& to, const RequestRecord& record);

}  // namespace v0
}  // namespace vx11
