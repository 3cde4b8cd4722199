#pragma once

/// \file
/// How long windows have been open, by civil day, and what a budget leaves of it. Internal.

#include <vx11/power_governor.hpp>

#include <chrono>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

using std::chrono::milliseconds;

/// Time with an open window, by civil day.
using UsedDays = std::map<std::chrono::local_days, milliseconds>;
/// Two moments, of which the second is not part.
using Span = std::pair<WallTime, WallTime>;

/// Adds the time that at least one of the spans has.
void add_used(UsedDays& used, std::vector<Span> spans, const TimeZone& zone);
/// Forgets the oldest days, by their number: the wall clock may be years ahead for a while.
void forget_old(UsedDays& used);

milliseconds used_on(const UsedDays& used, std::chrono::local_days day);
/// In the civil month of that day.
milliseconds used_in_month(const UsedDays& used, std::chrono::local_days day);
/// The first day of the next month.
std::chrono::local_days next_month(std::chrono::local_days day);

/// How long a window that is opened now may last within the budget; at most `most`. The time after
/// midnight counts for the next day.
milliseconds affordable(const PowerBudget& budget, const UsedDays& used, WallTime now,
                        milliseconds most);
/// Less than this is no window.
constexpr milliseconds kShortest = std::chrono::seconds(1);
/// When a budget that leaves less than `least` is free again; `now` if none does.
WallTime free_at(const PowerBudget& budget, const UsedDays& used, WallTime now,
                 milliseconds least = kShortest);
/// "day_budget_spent" or "month_budget_spent", of a budget that leaves less than `least`; empty if
/// none does.
std::string_view spent_reason(const PowerBudget& budget, const UsedDays& used, WallTime now,
                              milliseconds least = kShortest);

}  // namespace v0
}  // namespace vx11
