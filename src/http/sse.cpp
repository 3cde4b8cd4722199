#include "http/sse.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {

bool SseParser::feed(std::string_view piece) {
  pending_.erase(0, std::exchange(read_, 0));
  pending_.append(piece);
  return pending_.size() <= kMaxEvent && event_.data.size() <= kMaxEvent;
}

/// A line ends with CR, LF or CRLF; a CR at the end of the input may still be followed by its LF.
bool SseParser::take_line(std::string_view& line) {
  std::string_view rest = std::string_view(pending_).substr(read_);
  if (!rest.empty() && std::exchange(after_cr_, false) && rest.front() == '\n') {
    rest.remove_prefix(1);
    ++read_;
  }
  const std::size_t end = rest.find_first_of("\r\n");
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  after_cr_ = rest[end] == '\r';
  read_ += end + 1;
  return true;
}

void SseParser::field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") event_.name = value.empty() ? "message" : value;
  if (name != "data") return;
  if (std::exchange(has_data_, true)) event_.data += '\n';
  event_.data += value;
}

std::optional<SseEvent> SseParser::next() {
  std::string_view line;
  while (take_line(line)) {
    if (!line.empty()) {
      field(line);
      continue;
    }
    SseEvent event = std::exchange(event_, {});
    if (std::exchange(has_data_, false)) return event;
  }
  return std::nullopt;
}

void append_event(std::string& out, std::string_view name, std::string_view data) {
  out.append("event: ").append(name);
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    out.append("\ndata: ").append(data.substr(0, end));
    if (end == std::string_view::npos) break;
    const bool both = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
    data.remove_prefix(end + (both ? 2 : 1));
  }
  out.append("\n\n");
}

}  // namespace v0
}  // namespace vx11
