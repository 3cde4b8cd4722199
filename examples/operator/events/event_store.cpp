#include "operator/events/event_store.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <string>

namespace backend {

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::critical:
      return "critical";
    case Severity::error:
      return "error";
    case Severity::warn:
      return "warn";
    case Severity::info:
      break;
  }
  return "info";
}

std::optional<Severity> parse_severity(std::string_view text) noexcept {
  for (const Severity severity :
       {Severity::critical, Severity::error, Severity::warn, Severity::info}) {
    if (text == to_string(severity)) return severity;
  }
  return std::nullopt;
}

std::uint64_t EventRange::resume_after(std::uint64_t position, std::size_t backlog) const noexcept {
  const std::uint64_t first =
      std::max(oldest, newest - std::min<std::uint64_t>(newest, backlog) + 1);
  const bool has_gap = position > newest || position + 1 < first;
  return has_gap ? first - 1 : position;
}

/// With both names of what pages of two generations read.
nlohmann::json to_json(const StoredEvent& event) {
  const NewEvent& content = event.content;
  const std::string time = vx11::to_rfc3339(event.at);
  return {{"event_id", std::to_string(event.id)},
          {"id", event.id},
          {"event_type", content.type},
          {"type", content.type},
          {"ts", time},
          {"created_at", time},
          {"severity", to_string(content.severity)},
          {"module", content.module},
          {"summary", content.summary},
          {"correlation_id", content.correlation_id},
          {"payload", content.payload}};
}

}  // namespace backend
