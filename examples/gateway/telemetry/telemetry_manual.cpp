#include "gateway/telemetry/telemetry_manual.hpp"

#include <vx11/event_table.hpp>
#include <vx11/span_attributes.hpp>

#include <span>
#include <string_view>

#include <fmt/format.h>

#include "gateway/log/log_events.hpp"
#include "gateway/log/log_members.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

/// The names of an event's fields, as code.
std::string code_of_fields(const LogEventInfo& info) {
  std::string code;
  for (const std::string_view field : fields_of(info)) {
    code += fmt::format("{}`{}`", code.empty() ? "" : ", ", field);
  }
  return code;
}

std::string log_events_table() {
  std::string table =
      "### Events of the program's own log\n\n| event | level | when | fields "
      "|\n|---|---|---|---|\n";
  for (const LogEventInfo& info : log_events()) {
    table += fmt::format("| `{}` | {} | {} | {} |\n", info.name, unquoted(print(info.level)),
                         info.meaning, code_of_fields(info));
  }
  return table;
}

std::string fields_table(std::string_view title, std::string_view column,
                         std::span<const LogFieldInfo> fields) {
  std::string table =
      fmt::format("### {}\n\n| {} | unit | meaning |\n|---|---|---|\n", title, column);
  for (const LogFieldInfo& field : fields) {
    table += fmt::format("| `{}` | {} | {} |\n", field.name, field.unit, field.meaning);
  }
  return table;
}

std::string_view place_of(vx11::SpanPlace place) {
  if (place == vx11::SpanPlace::request) return "request";
  return place == vx11::SpanPlace::attempt ? "attempt" : "event of an attempt";
}

std::string spans_table() {
  std::string table =
      "### Spans\n\n| span | attribute | type | unit | meaning |\n|---|---|---|---|---|\n";
  for (const vx11::SpanAttributeInfo& info : vx11::span_attribute_table()) {
    table += fmt::format("| {} | `{}` | {} | {} | {} |\n", place_of(info.place), info.name,
                         info.type, info.unit, info.meaning);
  }
  return table;
}

std::string policy_events_table() {
  std::string table =
      "### Events of policies\n\n| event | severity | when | values |\n|---|---|---|---|\n";
  for (const vx11::EventInfo& info : vx11::kEventTable) {
    table += fmt::format("| `{}` | {} | {} | {} |\n", info.name, to_string(info.severity),
                         info.meaning, info.values);
  }
  return table;
}

}  // namespace

std::string print_telemetry() {
  return policy_events_table() + "\n" + spans_table() + "\n" + log_events_table() + "\n" +
         fields_table("Fields of the program's own log", "field", log_fields()) + "\n" +
         fields_table("Members of the access log", "member", access_log_members()) + "\n" +
         fields_table("Members of the audit log", "member", audit_log_members());
}

}  // namespace gateway
