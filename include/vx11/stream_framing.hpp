#pragma once

/// \file
/// `StreamFraming`: how the events of a streamed response are separated.

namespace vx11 {
inline namespace v0 {

/// How the events of a streamed response are separated.
enum class StreamFraming : unsigned char {
  server_sent_events,  ///< `text/event-stream` (WHATWG HTML §9.2).
  json_lines,          ///< `application/x-ndjson`: each line that is not empty is an event.
};

}  // namespace v0
}  // namespace vx11
