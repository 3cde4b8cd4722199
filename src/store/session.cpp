#include <vx11/session.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "json/utf8.hpp"
#include "random/uuid.hpp"
#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

constexpr std::size_t kCharactersOfSummary = 256;

void append_line(std::string& summary, const MessageView& said) {
  if (!summary.empty()) summary += '\n';
  summary.append(said.role).append(": ", 2);
  summary.append(first_characters(said.content, kCharactersOfMessage));
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

/// The number of ASCII bytes at the start of `text`, in steps of eight.
std::size_t ascii_prefix(std::string_view text) noexcept {
  constexpr std::uint64_t kTops = 0x8080808080808080;
  std::size_t end = 0;
  for (std::uint64_t step = 0; text.size() - end >= sizeof step; end += sizeof step) {
    std::memcpy(&step, text.data() + end, sizeof step);
    if ((step & kTops) != 0) break;
  }
  return end;
}

}  // namespace

std::string_view first_characters(std::string_view text, std::size_t characters) noexcept {
  if (text.size() <= characters) return text;
  std::size_t end = ascii_prefix(text.substr(0, characters));
  for (characters -= end; characters > 0 && end < text.size(); --characters) {
    const bool ascii = static_cast<unsigned char>(text[end]) < 0x80;
    end += ascii ? 1 : std::max<std::size_t>(utf8::sequence_length(text.substr(end)), 1);
  }
  return text.substr(0, end);
}

std::string summary_of(std::span<const MessageView> messages) {
  std::string summary;
  summary.reserve(2 * kCharactersOfSummary);
  for (const MessageView& said : messages) append_line(summary, said);
  return cut(std::move(summary));
}

std::string context_summary(std::span<const Message> history, const Message& current) {
  const auto before = newest(history, kMessagesOfSummary - 1);
  std::vector<MessageView> said(before.begin(), before.end());
  said.emplace_back(current);
  return summary_of(said);
}

std::string context_summary(std::span<const Message> history) {
  if (history.empty()) return {};
  return context_summary(history.first(history.size() - 1), history.back());
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

std::string make_uuid() {
  return random::uuid();
}

}  // namespace v0
}  // namespace vx11
