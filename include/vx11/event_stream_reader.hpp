#pragma once

/// \file
/// `EventStreamReader`: the events of a streamed `text/event-stream` response.

#include <vx11/deadline.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include <memory>
#include <optional>
#include <string>

namespace vx11 {
inline namespace v0 {

/// One event of a stream (WHATWG HTML §9.2).
struct StreamEvent {
  StreamEvent() = default;

  std::string name = "message";
  std::string data = {};
  std::string id = {};  ///< The last one in the stream so far.
};

/// Reads the events of a response body, for clients of streamed chats and of event streams.
///
/// ```cpp
/// vx11::EventStreamReader events(std::move(body));
/// auto reading = events.next(deadline);
/// auto event = co_await std::move(reading);
/// ```
///
/// **Not thread-safe**: one reader at a time, which it outlives. Owns the body; destroying it
/// before the end cancels the rest. `retry` fields are ignored: it does not connect again.
class VX11_API EventStreamReader {
 public:
  explicit EventStreamReader(std::unique_ptr<BodyStream> body);
  EventStreamReader(EventStreamReader&&) noexcept;
  EventStreamReader& operator=(EventStreamReader&&) noexcept;
  ~EventStreamReader();

  /// The next event; none at the end of the stream. After an error the stream has ended.
  /// \return the error of the body, or `too_large` for an event of more than 1 MiB
  Task<Result<std::optional<StreamEvent>>> next(Deadline deadline);

 private:
  class Impl;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
