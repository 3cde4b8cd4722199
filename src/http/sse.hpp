#pragma once

/// \file
/// Server-sent events as in the HTML standard (§9.2, text/event-stream), and JSON lines. Internal.

#include <vx11/stream_framing.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/rare_text.hpp"

namespace vx11 {
inline namespace v0 {

/// One event. Its texts are views, valid until the parser is used again.
struct SseEvent {
  std::string_view name = "message";
  std::string_view data = {};
  std::string_view id = {};  ///< The last one in the stream so far.
};

/// Parses events from the pieces of a stream, in place where an event lies in one piece.
///
/// Each byte is examined once and copied at most twice, however the stream is cut. `retry` is
/// ignored: it is for readers that connect again.
class SseParser {
 public:
  /// Larger events are refused: far above any piece of text, and bounded for each stream.
  static constexpr std::size_t kMaxEvent = 1024 * 1024;

  SseParser() = default;
  /// \param framing `json_lines`: each line that is not blank is an event with that data
  explicit SseParser(StreamFraming framing) noexcept
      : lines_are_events_(framing == StreamFraming::json_lines) {}
  SseParser(const SseParser&) = delete;
  SseParser& operator=(const SseParser&) = delete;

  /// Adds the next piece; the previous one must have been parsed until `next` returned none.
  void feed(std::string piece);
  /// Adds the end of the stream: it completes a last line without a line end and a last event
  /// without its empty line. The HTML standard discards that event, but there are servers that end
  /// their last one so; whether the stream was cut is for the reader of the event's data.
  /// \return whether there is something to complete; the next calls return false
  bool end();
  /// Returns the next complete event, if there is one.
  std::optional<SseEvent> next();
  /// Whether an event exceeded the limit. There are no further events then.
  bool overflowed() const noexcept { return overflowed_; }
  /// The bytes copied so far; grows linearly with the stream.
  std::size_t copied() const noexcept { return copied_; }
  /// The bytes of memory held for the piece that is being parsed.
  std::size_t held() const noexcept { return piece_.capacity(); }

 private:
  std::optional<SseEvent> next_line();
  void release_piece();
  bool take_usual_event() noexcept;
  bool take_usual_line(std::string_view& line) noexcept;
  bool take_line(std::string_view& line);
  std::size_t line_end() noexcept;
  void field(std::string_view line);
  void set_name(std::string_view name);
  void add_data(std::string_view value);
  void own_data();
  void keep(RareText& in, std::string_view bytes);
  SseEvent event() const noexcept;
  void start_event();

  std::string piece_ = {};
  std::size_t at_ = 0;   ///< How much of it is parsed.
  std::size_t lf_ = 0;   ///< The first LF at or after `at_`, or its end; outdated below `at_`.
  std::size_t cr_ = 0;   ///< The same for CR.
  RareText line_ = {};   ///< The start of a line that continues in the next piece.
  RareText name_ = {};   ///< Of the event so far; empty: "message".
  RareText lines_ = {};  ///< Its data, unless that is one line in `piece_`.
  std::string_view data_ = {};
  RareText id_ = {};
  std::size_t copied_ = 0;
  bool has_data_ = false;
  bool dispatched_ = false;  ///< The event was returned; its texts are cleared by the next call.
  bool after_cr_ = false;
  bool begun_ = false;  ///< A line was parsed: a byte order mark is no longer possible.
  bool overflowed_ = false;
  bool lines_are_events_ = false;
};

/// Appends an event with the number `id`. Data of several lines is written as several data fields.
/// Separators that readers may take for line ends (U+0085, U+2028, U+2029) are written as JSON
/// escapes: they occur only within the strings of JSON, and data that is no JSON is not sent.
void append_event(std::string& out, std::uint64_t id, std::string_view name, std::string_view data);

/// The same for the last event of a stream: a reader that connects again waits for an hour. It
/// would otherwise send the same chat again after a few seconds.
void append_last_event(std::string& out, std::uint64_t id, std::string_view name,
                       std::string_view data);

/// The same for an event with neither a number nor a name.
void append_data_event(std::string& out, std::string_view data);

/// A comment line, which shows that the stream is alive. No empty line follows: some readers
/// deliver an event for it.
inline constexpr std::string_view kSseComment = ":\n";

}  // namespace v0
}  // namespace vx11
