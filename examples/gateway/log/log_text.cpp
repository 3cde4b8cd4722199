#include "gateway/log/log_text.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace gateway {

namespace {

std::string in_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string shown(const LogField::Value& value) {
  const auto* const number = std::get_if<std::int64_t>(&value);
  return number != nullptr ? std::to_string(*number) : in_one_line(std::get<0>(value));
}

std::string value_of(std::string_view name, std::span<const LogField> fields) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [=](const LogField& field) { return field.name == name; });
  return found == fields.end() ? std::string() : shown(found->value);
}

bool is_empty(const LogField& field) {
  const auto* const text = std::get_if<std::string_view>(&field.value);
  return text != nullptr && text->empty();
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_value(const LogField::Value& value) {
  const auto* const number = std::get_if<std::int64_t>(&value);
  return number != nullptr ? std::to_string(*number) : json_text(std::get<0>(value));
}

/// A part in brackets up to its end: empty if its field is.
std::string part_text(std::string_view part, std::span<const LogField> fields) {
  const std::size_t open = part.find('{');
  const std::size_t close = part.find('}');
  const std::string value = value_of(part.substr(open + 1, close - open - 1), fields);
  if (value.empty()) return {};
  return fmt::format("{}{}{}", part.substr(0, open), value, part.substr(close + 1));
}

}  // namespace

std::string message_text(std::string_view message, std::span<const LogField> fields) {
  std::string text;
  while (!message.empty()) {
    const std::size_t at = std::min(message.find_first_of("[{"), message.size());
    text.append(message.substr(0, at));
    message.remove_prefix(at);
    if (message.empty()) break;
    const bool is_part = message.front() == '[';
    const std::size_t end = message.find(is_part ? ']' : '}');
    const std::string_view inner = message.substr(1, end - 1);
    text.append(is_part ? part_text(inner, fields) : value_of(inner, fields));
    message.remove_prefix(end + 1);
  }
  return text;
}

std::string text_of(const LogLine& line) {
  std::string text = message_text(info_of(line.event).message, line.fields);
  if (line.left_out != 0) text += fmt::format(" ({} more before it)", line.left_out);
  return text;
}

std::string json_members_of(const LogLine& line) {
  const LogEventInfo& info = info_of(line.event);
  std::string out = fmt::format(R"("level":"{}","event":"{}","message":{})", to_string(line.level),
                                info.name, json_text(message_text(info.message, line.fields)));
  for (const LogField& field : line.fields) {
    if (is_empty(field)) continue;
    out += fmt::format(R"(,"{}":{})", field.name, json_value(field.value));
  }
  if (line.left_out != 0) out += fmt::format(R"(,"left_out":{})", line.left_out);
  return out;
}

}  // namespace gateway
