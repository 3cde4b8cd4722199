#include <vx11/token_limits.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {

namespace {

struct Unit {
  char letter;
  std::uint32_t seconds;
};
/// Longest first, the order needed for printing.
constexpr std::array<Unit, 4> kUnits = {{{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};
constexpr std::uint64_t kLongest = std::uint64_t{366} * 86'400;

/// Digits at the beginning of `text`, which are taken from it; without leading zeros, so that every
/// rate has one spelling.
std::optional<std::uint32_t> take_number(std::string_view& text) noexcept {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number == 0 || text.front() == '0') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<std::chrono::seconds> period_of(std::string_view text) noexcept {
  std::uint64_t seconds = 1;
  if (text.size() > 1) {
    const auto count = take_number(text);
    if (!count) return std::nullopt;
    seconds = *count;
  }
  const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& each) {
    return text == std::string_view(&each.letter, 1);
  });
  if (unit == kUnits.end()) return std::nullopt;
  seconds *= unit->seconds;
  if (seconds > kLongest) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

std::string to_string(const RequestRate& rate) {
  const auto seconds = static_cast<std::uint64_t>(rate.period.count());
  const auto* const unit = std::find_if(
      kUnits.begin(), kUnits.end(), [=](const Unit& each) { return seconds % each.seconds == 0; });
  const std::uint64_t count = seconds / unit->seconds;
  const std::string number = count == 1 ? std::string() : std::to_string(count);
  return fmt::format("{}/{}{}", rate.requests, number, unit->letter);
}

std::string to_string(const TokenLimits& limits) {
  std::string text;
  if (limits.rate) text = fmt::format("rate={}", to_string(*limits.rate));
  if (limits.concurrent == 0) return text;
  return fmt::format("{}{}concurrent={}", text, text.empty() ? "" : " ", limits.concurrent);
}

Result<RequestRate> parse_request_rate(std::string_view text) {
  const auto requests = take_number(text);
  if (requests && text.starts_with('/')) {
    if (const auto period = period_of(text.substr(1))) return RequestRate(*requests, *period);
  }
  return fail(Errc::invalid_argument,
              "write a rate as 60/m or 30/5m: a number from 1 to 4294967295, and s, m, h or d, at "
              "most 366 days");
}

}  // namespace v0
}  // namespace vx11
