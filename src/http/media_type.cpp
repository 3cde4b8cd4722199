#include "http/media_type.hpp"

#include <vx11/http_message.hpp>

#include <algorithm>

#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// The position of the next `separator` that is not in a quoted string (RFC 9110 §5.6.4).
std::size_t find_unquoted(std::string_view text, char separator) noexcept {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted && text[at] == '\\') ++at;
    if (!quoted && text[at] == separator) return at;
  }
  return text.size();
}

/// Removes and returns the part of the text before the next `separator`.
std::string_view take_until(std::string_view& text, char separator) noexcept {
  const std::size_t end = find_unquoted(text, separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(part, kHttpSpace);
}

bool is_json(std::string_view type) noexcept {
  constexpr std::string_view kSuffix = "+json";
  if (equals_ignoring_case(type, "application/json")) return true;
  return type.size() > kSuffix.size() && type.find('/') != std::string_view::npos &&
         equals_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix);
}

bool keeps_to_utf8(std::string_view parameter) noexcept {
  if (!equals_ignoring_case(take_until(parameter, '='), "charset")) return true;
  std::string_view charset = trimmed(parameter, kHttpSpace);
  if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
    charset = charset.substr(1, charset.size() - 2);
  }
  return equals_ignoring_case(charset, "utf-8") || equals_ignoring_case(charset, "utf8");
}

/// The weight of a media range in thousandths (RFC 9110 §12.4.2): 1000 without `q`, 0 for a
/// malformed one.
int weight_of(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    std::string_view value = take_until(parameters, ';');
    if (!equals_ignoring_case(take_until(value, '='), "q")) continue;
    value = trimmed(value, kHttpSpace);
    if (value.empty() || value.size() > 5) return 0;
    if (value.size() > 1 && value[1] != '.') return 0;
    int weight = 0;
    for (std::size_t at = 0; at < 5; ++at) {
      if (at == 1) continue;
      const char digit = at < value.size() ? value[at] : '0';
      if (digit < '0' || digit > '9') return 0;
      weight = weight * 10 + (digit - '0');
    }
    return weight <= 1000 ? weight : 0;
  }
  return 1000;
}

/// `q=0`, with or without decimals.
bool is_zero_weight(std::string_view parameter) noexcept {
  if (!equals_ignoring_case(take_until(parameter, '='), "q")) return false;
  const std::string_view value = trimmed(parameter, kHttpSpace);
  return value.starts_with('0') && value.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool is_json_in_utf8(std::string_view content_type) noexcept {
  if (content_type == "application/json") return true;
  std::string_view rest = content_type;
  if (!is_json(take_until(rest, ';'))) return false;
  while (!rest.empty()) {
    if (!keeps_to_utf8(take_until(rest, ';'))) return false;
  }
  return true;
}

bool is_event_stream(std::string_view content_type) noexcept {
  return equals_ignoring_case(take_until(content_type, ';'), "text/event-stream");
}

bool is_json_lines(std::string_view content_type) noexcept {
  const std::string_view type = take_until(content_type, ';');
  return equals_ignoring_case(type, "application/x-ndjson") ||
         equals_ignoring_case(type, "application/ndjson") ||
         equals_ignoring_case(type, "application/jsonl");
}

bool lists_event_stream(std::string_view accept) noexcept {
  while (!accept.empty()) {
    std::string_view range = take_until(accept, ',');
    if (!equals_ignoring_case(take_until(range, ';'), "text/event-stream")) continue;
    bool wanted = true;
    while (!range.empty()) wanted = wanted && !is_zero_weight(take_until(range, ';'));
    if (wanted) return true;
  }
  return false;
}

bool prefers_problem(const Headers& headers) noexcept {
  if (!headers.contains("Accept")) return false;
  int problem = 0;
  int json = 0;
  for (const Header field : headers) {
    if (!equals_ignoring_case(field.name, "Accept")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      std::string_view range = take_until(rest, ',');
      const std::string_view type = take_until(range, ';');
      if (equals_ignoring_case(type, "application/problem+json")) problem = weight_of(range);
      if (equals_ignoring_case(type, "application/json")) json = weight_of(range);
    }
  }
  return problem > 0 && problem >= json;
}

bool accepts_gzip(const Headers& headers) noexcept {
  int any = 0;
  for (const Header field : headers) {
    if (!equals_ignoring_case(field.name, "Accept-Encoding")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      std::string_view coding = take_until(rest, ',');
      const std::string_view name = take_until(coding, ';');
      if (equals_ignoring_case(name, "gzip")) return weight_of(coding) > 0;
      if (name == "*") any = weight_of(coding);
    }
  }
  return any > 0;
}

namespace {

/// Whether the parameters name no version but this one, as is or quoted.
bool is_version(std::string_view parameters, std::string_view version) noexcept {
  while (!parameters.empty()) {
    std::string_view value = take_until(parameters, ';');
    if (!equals_ignoring_case(take_until(value, '='), "version")) continue;
    value = trimmed(value, kHttpSpace);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (value != version) return false;
  }
  return true;
}

/// The weights of what `Accept` may say about the two formats of metrics; below zero: nothing.
struct MetricsWeights {
  void read(std::string_view range) noexcept {
    const std::string_view type = take_until(range, ';');
    const int weight = weight_of(range);
    if (equals_ignoring_case(type, "application/openmetrics-text")) {
      if (is_version(range, "1.0.0")) openmetrics = std::max(openmetrics, weight);
    } else if (equals_ignoring_case(type, "text/plain")) {
      if (is_version(range, "0.0.4")) text = std::max(text, weight);
    } else if (type == "text/*" || type == "*/*") {
      any = std::max(any, weight);
    }
  }

  int openmetrics = -1;
  int text = -1;
  int any = -1;
};

}  // namespace

bool prefers_openmetrics(const Headers& headers) noexcept {
  MetricsWeights weights;
  for (const Header field : headers) {
    if (!equals_ignoring_case(field.name, "Accept")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) weights.read(take_until(rest, ','));
  }
  return weights.openmetrics > 0 &&
         weights.openmetrics >= (weights.text >= 0 ? weights.text : weights.any);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
