#pragma once

/// \file
/// Server-sent events as in the HTML standard (§9.2, text/event-stream). Internal.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// One event. `id` and `retry` are not used here and are left out.
struct SseEvent {
  std::string name = "message";
  std::string data = {};
};

/// Parses events from the pieces of a stream.
class SseParser {
 public:
  /// Larger events are refused; chat events are far below a quarter of a megabyte.
  static constexpr std::size_t kMaxEvent = 256 * 1024;

  /// Adds the next piece.
  /// \return false once an event exceeds the limit
  bool feed(std::string_view piece);
  /// Returns the next complete event, if there is one.
  std::optional<SseEvent> next();

 private:
  bool take_line(std::string_view& line);
  void field(std::string_view line);

  std::string pending_ = {};
  std::size_t read_ = 0;  ///< How much of it is consumed.
  SseEvent event_ = {};
  bool has_data_ = false;
  bool after_cr_ = false;
};

/// Appends an event; data of several lines is written as several data fields.
void append_event(std::string& out, std::string_view name, std::string_view data);

}  // namespace v0
}  // namespace vx11
