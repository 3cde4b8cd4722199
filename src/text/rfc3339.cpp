#include <vx11/rfc3339.hpp>

#include <chrono>

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Parses a timestamp from the front. After the first mistake every step fails.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : text_(text) {}

  bool ok_at_end() const noexcept { return ok_ && text_.empty(); }

  WallTime date() noexcept {
    const int year = number(4);
    expect("-");
    const int month = number(2);
    expect("-");
    const int day = number(2);
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    require(date.ok());
    return ok_ ? WallTime(std::chrono::sys_days(date)) : WallTime();
  }

  milliseconds time_of_day() noexcept {
    const int hour = number(2);
    expect(":");
    const int minute = number(2);
    expect(":");
    const int second = number(2);
    require(hour < 24 && minute < 60 && second <= 60);  // 60: a leap second
    return hours(hour) + minutes(minute) + seconds(second) + fraction();
  }

  minutes offset() noexcept {
    const char sign = take("Zz+-");
    if (sign != '+' && sign != '-') return minutes(0);
    const int hour = number(2);
    const bool has_minutes = take(":") != kNone || next_is(kDigits);
    const int minute = has_minutes ? number(2) : 0;
    require(hour < 24 && minute < 60);
    const minutes offset = hours(hour) + minutes(minute);
    // Python's isoformat() + "Z" of a time that is aware of its zone.
    if (offset == minutes(0)) take("Zz");
    return sign == '-' ? -offset : offset;
  }

  void expect(std::string_view any_of) noexcept { require(take(any_of) != kNone); }

 private:
  static constexpr char kNone = '\0';
  static constexpr std::string_view kDigits = "0123456789";

  milliseconds fraction() noexcept {
    if (take(".") == kNone) return milliseconds(0);
    int value = number(1) * 100;
    for (int scale = 10; next_is(kDigits); scale /= 10) value += scale * number(1);
    return milliseconds(value);
  }

  int number(int digits) noexcept {
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = take(kDigits);
      require(c != kNone);
      value = value * 10 + (c == kNone ? 0 : c - '0');
    }
    return value;
  }

  /// The next character if it is one of these, else none.
  char take(std::string_view any_of) noexcept {
    if (!next_is(any_of)) return kNone;
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  bool next_is(std::string_view any_of) const noexcept {
    return !text_.empty() && any_of.find(text_.front()) != std::string_view::npos;
  }

  void require(bool condition) noexcept { ok_ = ok_ && condition; }

  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept {
  Reader reader(text);
  const WallTime date = reader.date();
  reader.expect("Tt ");
  const milliseconds time = reader.time_of_day();
  const minutes offset = reader.offset();
  if (!reader.ok_at_end()) return std::nullopt;
  return date + time - offset;
}

}  // namespace v0
}  // namespace vx11
