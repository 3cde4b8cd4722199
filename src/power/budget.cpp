#include "power/budget.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::days;
using std::chrono::local_days;

constexpr milliseconds kUnlimited = milliseconds::max();
/// Two months and a day for zones that differ, and as many days of a clock that was wrong.
constexpr std::size_t kKept = 126;

std::chrono::year_month month_of(local_days day) {
  const std::chrono::year_month_day date(day);
  return date.year() / date.month();
}

milliseconds left_of(const std::optional<std::chrono::seconds>& limit, milliseconds used) {
  if (!limit) return kUnlimited;
  return std::max(milliseconds(*limit) - used, milliseconds(0));
}

void add_span(UsedDays& used, Span span, const TimeZone& zone) {
  while (span.first < span.second) {
    const local_days day = zone.day_of(span.first);
    const WallTime midnight = std::max(zone.start_of(day + days(1)), span.first);
    const WallTime until = std::min(span.second, midnight);
    used[day] += until - span.first;
    if (until == span.first) return;  // rules that stand still
    span.first = until;
  }
}

}  // namespace

void add_used(UsedDays& used, std::vector<Span> spans, const TimeZone& zone) {
  std::sort(spans.begin(), spans.end());
  WallTime counted = WallTime::min();
  for (Span span : spans) {
    span.first = std::max(span.first, counted);
    add_span(used, span, zone);
    counted = std::max(counted, span.second);
  }
}

void forget_old(UsedDays& used) {
  while (used.size() > kKept) used.erase(used.begin());
}

milliseconds used_on(const UsedDays& used, local_days day) {
  const auto found = used.find(day);
  return found == used.end() ? milliseconds(0) : found->second;
}

milliseconds used_in_month(const UsedDays& used, local_days day) {
  milliseconds sum(0);
  for (const auto& [each, time] : used) {
    if (month_of(each) == month_of(day)) sum += time;
  }
  return sum;
}

local_days next_month(local_days day) {
  return local_days((month_of(day) + std::chrono::months(1)) / 1);
}

/// Days that have not come are not used yet; of their month, what this window uses before counts.
milliseconds affordable(const PowerBudget& budget, const UsedDays& used, WallTime now,
                        milliseconds most) {
  if (!budget.is_limited()) return most;
  milliseconds sum(0);
  milliseconds of_month = used_in_month(used, budget.zone.day_of(now));
  for (local_days day = budget.zone.day_of(now); sum < most; day += days(1)) {
    const local_days tomorrow = day + days(1);
    const auto whole = std::max(budget.zone.start_of(tomorrow) - (now + sum), milliseconds(0));
    const auto free = std::min({most - sum, left_of(budget.per_day, used_on(used, day)),
                                left_of(budget.per_month, of_month)});
    sum += std::min<milliseconds>(whole, free);
    of_month += std::min<milliseconds>(whole, free);
    if (free < whole) break;
    if (month_of(tomorrow) != month_of(day)) of_month = used_in_month(used, tomorrow);
  }
  return sum;
}

WallTime free_at(const PowerBudget& budget, const UsedDays& used, WallTime now,
                 milliseconds least) {
  const std::string_view reason = spent_reason(budget, used, now, least);
  const local_days today = budget.zone.day_of(now);
  if (reason == "month_budget_spent") return budget.zone.start_of(next_month(today));
  return reason.empty() ? now : budget.zone.start_of(today + days(1));
}

/// The month first: its budget is free later.
std::string_view spent_reason(const PowerBudget& budget, const UsedDays& used, WallTime now,
                              milliseconds least) {
  const local_days today = budget.zone.day_of(now);
  if (left_of(budget.per_month, used_in_month(used, today)) < least) return "month_budget_spent";
  return left_of(budget.per_day, used_on(used, today)) < least ? "day_budget_spent" : "";
}

}  // namespace v0
}  // namespace vx11
