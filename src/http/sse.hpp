#pragma once

/// \file
/// Server-sent events as the HTML standard has them (§9.2, text/event-stream). Internal.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// One event. `id` and `retry` are of no use here and are left out.
struct SseEvent {
  std::string name = "message";
  std::string data = {};
};

/// Puts events together out of the pieces of a stream.
class SseParser {
 public:
  /// An event larger than this is refused: nobody reads a quarter of a megabyte word by word.
  static constexpr std::size_t kMaxEvent = 256 * 1024;

  /// Takes in the next piece.
  /// \return false once an event has grown too large
  bool feed(std::string_view piece);
  /// The next complete event, if there is one.
  std::optional<SseEvent> next();

 private:
  bool take_line(std::string_view& line);
  void field(std::string_view line);

  std::string pending_ = {};
  std::size_t read_ = 0;  ///< How much of it was taken.
  SseEvent event_ = {};
  bool has_data_ = false;
  bool after_cr_ = false;
};

/// Appends an event; data of several lines becomes several data fields.
void append_event(std::string& out, std::string_view name, std::string_view data);

}  // namespace v0
}  // namespace vx11
