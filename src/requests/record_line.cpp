#include <vx11/http_request_log.hpp>
#include <vx11/session.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "json/text.hpp"

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

/// Writes a line at the end of a string that has room for it, but for texts that need escapes: the
/// names are literals, so one check and one copy for each text are what is left.
class LineWriter {
 public:
  LineWriter(std::string& to, std::size_t room) : to_(to) {
    const std::size_t size = to.size();
    to.resize(size + room + kBehind);
    end_ = to.data() + size;
  }

  template <std::size_t N>
  LineWriter& raw(const char (&literal)[N]) noexcept {
    std::memcpy(end_, literal, N - 1);  // inline, of a size that is known
    end_ += N - 1;
    return *this;
  }
  LineWriter& put(std::string_view text) noexcept {
    end_ += text.copy(end_, text.size());
    return *this;
  }
  /// \param before the name, from the comma to the opening quote
  template <std::size_t N>
  void text(const char (&before)[N], std::string_view value) {
    if (value.empty()) return;
    raw(before).put(value);
    if (!json::all_plain(end_ - value.size(), value.size())) escape(value);
    raw("\"");
  }
  /// \param before the name, from the comma to the colon
  template <std::size_t N>
  LineWriter& number(const char (&before)[N], std::int64_t value) noexcept {
    raw(before);
    end_ = std::to_chars(end_, end_ + kMostDigits, value).ptr;
    return *this;
  }
  void thousandths(std::int64_t below_1000) noexcept {
    *end_++ = '.';
    for (const std::int64_t digit : {below_1000 / 100, below_1000 / 10 % 10, below_1000 % 10}) {
      *end_++ = static_cast<char>('0' + digit);
    }
  }
  void finish() { to_.resize(size()); }

 private:
  /// Readable behind the text that is checked, and for the last number.
  static constexpr std::size_t kBehind = 32;
  static constexpr std::size_t kMostDigits = 20;
  static_assert(kBehind >= json::kStep && kBehind >= kMostDigits);

  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - to_.data()); }
  /// Replaces the text that was written last by the same with escapes.
  void escape(std::string_view value) {
    const std::string quoted = json::quoted(value);
    const std::size_t begin = size() - value.size();
    const std::size_t room = to_.size() - size();
    to_.resize(begin + quoted.size() + room);
    end_ = to_.data() + begin;
    put(std::string_view(quoted).substr(1, quoted.size() - 2));
  }

  std::string& to_;
  char* end_;
};

/// Of names, punctuation, the time and numbers.
constexpr std::size_t kFixedRoom = 448;

std::size_t room_for(const RequestRecord& record) noexcept {
  return kFixedRoom + record.request_id.size() + record.trace_id.size() + record.principal.size() +
         record.peer.size() + record.route.size() + record.source.size() + record.error.size();
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

void append_json_line(std::string& to, const RequestRecord& record) {
  thread_local TimeText time;
  const auto micros = std::chrono::floor<std::chrono::microseconds>(record.duration).count();
  LineWriter line(to, room_for(record));
  line.raw(R"({"time":")").put(time.of(record.received)).raw("\"");
  line.text(R"(,"request_id":")", record.request_id);
  line.text(R"(,"trace_id":")", record.trace_id);
  line.text(R"(,"principal":")", record.principal);
  line.text(R"(,"peer":")", record.peer);
  line.text(R"(,"method":")", record.method.substr(0, kLongestMethod));
  line.text(R"(,"route":")", record.route);
  line.number(R"(,"status":)", record.status);
  line.number(R"(,"duration_ms":)", micros / 1000).thousandths(micros % 1000);
  line.number(R"(,"bytes_in":)", static_cast<std::int64_t>(record.bytes_in));
  line.number(R"(,"bytes_out":)", static_cast<std::int64_t>(record.bytes_out));
  line.text(R"(,"upstream":")", record.source);
  if (record.attempts != 0) {
    line.number(R"(,"attempts":)", static_cast<std::int64_t>(record.attempts));
  }
  line.text(R"(,"error":")", record.error);
  if (record.end != AnswerEnd::whole) line.text(R"(,"end":")", to_string(record.end));
  line.raw("}").finish();
}

std::string to_json_line(const RequestRecord& record) {
  std::string line;
  append_json_line(line, record);
  return line;
}

}  // namespace v0
}  // namespace vx11
