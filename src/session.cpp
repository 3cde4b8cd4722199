#include <vx11/session.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include <fmt/format.h>
#include <sys/random.h>

namespace vx11::inline v0 {
namespace {

constexpr std::size_t kMessagesOfSummary = 3;
constexpr std::size_t kCharactersOfMessage = 100;
constexpr std::size_t kCharactersOfSummary = 256;

bool is_between(char byte, unsigned char low, unsigned char high) noexcept {
  const auto value = static_cast<unsigned char>(byte);
  return low <= value && value <= high;
}

// What RFC 3629, section 4 allows behind a first byte: how long the sequence is, and where its
// second byte lies, which is what rules out overlong forms, surrogates and numbers past U+10FFFF.
struct Lead {
  std::size_t length;
  unsigned char second_low;
  unsigned char second_high;
};

Lead lead(char first) noexcept {
  if (is_between(first, 0xC2, 0xDF)) return {2, 0x80, 0xBF};
  if (is_between(first, 0xE0, 0xE0)) return {3, 0xA0, 0xBF};
  if (is_between(first, 0xED, 0xED)) return {3, 0x80, 0x9F};
  if (is_between(first, 0xE1, 0xEF)) return {3, 0x80, 0xBF};
  if (is_between(first, 0xF0, 0xF0)) return {4, 0x90, 0xBF};
  if (is_between(first, 0xF1, 0xF3)) return {4, 0x80, 0xBF};
  if (is_between(first, 0xF4, 0xF4)) return {4, 0x80, 0x8F};
  return {1, 0, 0};
}

// The bytes of the character that `text`, which is not empty, begins with.
std::size_t first_length(std::string_view text) noexcept {
  const Lead expected = lead(text.front());
  if (expected.length == 1 || text.size() < expected.length) return 1;
  if (!is_between(text[1], expected.second_low, expected.second_high)) return 1;
  const std::string_view rest = text.substr(2, expected.length - 2);
  const bool whole =
      std::ranges::all_of(rest, [](char byte) { return is_between(byte, 0x80, 0xBF); });
  return whole ? expected.length : 1;
}

void append_line(std::string& summary, const Message& message) {
  if (!summary.empty()) summary += '\n';
  summary += message.role;
  summary += ": ";
  summary += first_characters(message.content, kCharactersOfMessage);
}

std::string cut(std::string summary) {
  const std::size_t kept = first_characters(summary, kCharactersOfSummary).size();
  if (kept == summary.size()) return summary;
  summary.resize(kept);
  return summary += "...";
}

std::span<const Message> newest(std::span<const Message> history, std::size_t count) noexcept {
  return history.last(std::min(count, history.size()));
}

using Uuid = std::array<unsigned char, 16>;

void fill_with_entropy(Uuid& bytes) {
  // So few bytes come whole or not at all. Not at all means a kernel or a sandbox without the call;
  // the standard library then knows other sources.
  if (getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return;
  std::random_device source;
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(source());
}

}  // namespace

std::string_view first_characters(std::string_view text, std::size_t characters) noexcept {
  std::size_t end = 0;
  for (; characters > 0 && end < text.size(); --characters) end += first_length(text.substr(end));
  return text.substr(0, end);
}

std::string context_summary(std::span<const Message> history, const Message& current) {
  std::string summary;
  for (const Message& message : newest(history, kMessagesOfSummary - 1)) {
    append_line(summary, message);
  }
  append_line(summary, current);
  return cut(std::move(summary));
}

std::string context_summary(std::span<const Message> history) {
  if (history.empty()) return {};
  return context_summary(history.first(history.size() - 1), history.back());
}

std::string make_uuid() {
  Uuid bytes;
  fill_with_entropy(bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);  // version 4: random
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);  // the variant of the RFC
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 0x0F];
  }
  return text;
}

std::string to_rfc3339(WallTime time) {
  using namespace std::chrono;
  // The format has four digits for a year.
  constexpr WallTime kFirst = sys_days(year(0) / January / 1);
  constexpr WallTime kLast = sys_days(year(10'000) / January / 1) - milliseconds(1);
  time = std::clamp(time, kFirst, kLast);
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace vx11::inline v0
