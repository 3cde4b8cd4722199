#include "operator/events/event_message.hpp"

#include <fmt/format.h>

#include "operator/store/stored_text.hpp"

namespace backend {

std::string event_text(const StoredEvent& event) {
  return to_stored(to_json(event));
}

bool is_wanted(const EventStreamStart& filter, const StoredEvent& event) {
  if (filter.severity && event.content.severity != *filter.severity) return false;
  if (!filter.module.empty() && event.content.module != filter.module) return false;
  return !filter.since || event.at >= *filter.since;
}

void EventMessage::add(std::string_view event) {
  if (count_++ != 0) events_ += ',';
  events_ += event;
}

std::string EventMessage::finish(std::uint64_t id) const {
  if (count_ == 0) return {};
  return fmt::format("id: {}\ndata: {{\"type\":\"events\",\"events\":[{}]}}\n\n", id, events_);
}

std::string gap_message(std::uint64_t after, std::uint64_t before) {
  return fmt::format(
      "id: {}\ndata: {{\"type\":\"gap\",\"events\":[],\"after\":{},\"before\":{}}}\n\n", before - 1,
      after, before);
}

}  // namespace backend
