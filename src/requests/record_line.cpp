#include <vx11/http_request_log.hpp>
#include <vx11/session.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::size_t kLongestMethod = 32;  // a client chooses it

/// `to_rfc3339` costs as much as the rest of a line, so it is called once for each second.
class TimeText {
 public:
  /// The view is valid until the next call.
  std::string_view of(WallTime time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != second_ || text_.empty()) {
      text_ = to_rfc3339(time);
      second_ = second;
    }
    auto rest = (time - second).count();
    for (std::size_t at = kLastDigit; at > kLastDigit - 3; --at, rest /= 10) {
      text_[at] = static_cast<char>('0' + rest % 10);
    }
    return text_;
  }

 private:
  static constexpr std::size_t kLastDigit = 22;  // 2025-12-28T12:34:56.789Z

  std::chrono::time_point<WallTime::clock, std::chrono::seconds> second_ = {};
  std::string text_ = {};
};

template <std::size_t N>
void write_text(json::Writer& json, const char (&name)[N], std::string_view value) {
  if (!value.empty()) json.key(name).string(value);
}

void write_count(json::Writer& json, std::string_view name, std::size_t count) {
  json.plain_key(name).integer(static_cast<std::int64_t>(count));
}

}  // namespace

std::string_view to_string(AnswerEnd end) noexcept {
  switch (end) {
    case AnswerEnd::whole:
      return "whole";
    case AnswerEnd::done:
      return "done";
    case AnswerEnd::error:
      return "error";
    case AnswerEnd::client_left:
      return "client_left";
  }
  return "whole";
}

std::string to_json_line(const RequestRecord& record) {
  thread_local TimeText time;
  json::Writer json(512);
  json.open('{').key("time").string(time.of(record.received));
  write_text(json, "request_id", record.request_id);
  write_text(json, "trace_id", record.trace_id);
  write_text(json, "principal", record.principal);
  write_text(json, "peer", record.peer);
  write_text(json, "method", record.method.substr(0, kLongestMethod));
  write_text(json, "route", record.route);
  json.key("status").integer(record.status);
  json.key("duration_ms").milliseconds(record.duration);
  write_count(json, "bytes_in", record.bytes_in);
  write_count(json, "bytes_out", record.bytes_out);
  write_text(json, "upstream", record.source);
  if (record.attempts != 0) write_count(json, "attempts", record.attempts);
  write_text(json, "error", record.error);
  if (record.end != AnswerEnd::whole) json.key("end").string(to_string(record.end));
  json.close('}');
  return std::move(json).take();
}

}  // namespace v0
}  // namespace vx11
