// The reader of server-sent events: the cut into pieces does not change the result, and what the
// writer writes is read back.

#include <string>
#include <utility>
#include <vector>

#include "fuzz.hpp"
#include "http/sse.hpp"

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

/// The events of `stream` in pieces of `size` bytes.
Events events_of(std::string_view stream, std::size_t size) {
  vx11::SseParser parser;
  Events events;
  const std::size_t all = stream.size();
  while (!stream.empty()) {
    parser.feed(std::string(stream.substr(0, size)));
    while (auto event = parser.next()) events.emplace_back(event->name, event->data);
    fuzz::require(!parser.overflowed(), "a small stream has no oversized event");
    stream.remove_prefix(std::min(size, stream.size()));
  }
  fuzz::require(parser.copied() <= 2 * all, "each byte is copied twice at most");
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream = fuzz::text_of(data, size);
  if (stream.size() > vx11::SseParser::kMaxEvent) return 0;
  const Events whole = events_of(stream, stream.size());
  for (const std::size_t piece : {1, 2, 3, 7}) {
    fuzz::require(events_of(stream, piece) == whole, "pieces of any size give the same events");
  }

  std::string written;
  Events kept;
  for (const auto& [name, text] : whole) {
    fuzz::require(name.find_first_of("\r\n") == std::string::npos, "a name is one line");
    fuzz::require(!name.empty(), "an event has a name");
    if (text.find("\xC2\x85") == std::string::npos && text.find("\xE2\x80") == std::string::npos) {
      kept.emplace_back(name, text);  // line separators are escaped
    }
  }
  for (const auto& [name, text] : kept) vx11::append_event(written, 1, name, text);
  // One space after a colon is dropped by the reader, and the writer always adds one.
  fuzz::require(events_of(written, written.size() + 1) == kept, "written events are read back");
  return 0;
}
