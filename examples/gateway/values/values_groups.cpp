// Values of `[groups.NAME]` and `[routes.NAME]`.
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "gateway/values/shown_text.hpp"
#include "gateway/values/value_words.hpp"

namespace gateway {

namespace {

constexpr Words<BalancingKind, 4> kPolicies{{{"peak_ewma", BalancingKind::peak_ewma},
                                             {"weighted", BalancingKind::weighted},
                                             {"least_in_flight", BalancingKind::least_in_flight},
                                             {"sticky", BalancingKind::sticky}}};
constexpr Words<RuleCondition, 2> kConditions{
    {{"context_too_long", RuleCondition::context_too_long},
     {"content_refused", RuleCondition::content_refused}}};

bool is_failure_status(std::uint64_t status) noexcept {
  return status >= 100 && status <= 599 && status / 100 != 2;
}

}  // namespace

Wanted wanted(BalancingKind) {
  return {"a policy", R"("peak_ewma", "weighted", "least_in_flight" or "sticky")"};
}
Complaint read(std::string_view text, BalancingKind& into) {
  return read_word(kPolicies, text, into);
}
std::string print(BalancingKind value) {
  return print_word(kPolicies, value);
}

Wanted wanted(RuleCondition) {
  return {"a condition", R"("context_too_long" or "content_refused")"};
}
Complaint read(std::string_view text, RuleCondition& into) {
  return read_word(kConditions, text, into);
}
std::string print(RuleCondition value) {
  return print_word(kConditions, value);
}

Wanted wanted(const Statuses&) {
  return {"a list of statuses", "numbers of 100 to 599 outside 2xx, such as [400, 422]"};
}
Complaint read(std::string_view text, Statuses& into) {
  Statuses statuses;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const auto status = read_number(word);
    if (!status || !is_failure_status(*status)) {
      return fmt::format("{} is no status that a rule can have; write {}", shown_key(word),
                         wanted(into).example);
    }
    statuses.values.push_back(static_cast<int>(*status));
  }
  into = std::move(statuses);
  return std::nullopt;
}
std::string print(const Statuses& value) {
  return fmt::format("[{}]", fmt::join(value.values, ", "));
}

Wanted wanted(double) {
  return {"a number", "one such as 0.05"};
}
Complaint read(std::string_view text, double& into) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  if (!is_whole || !std::isfinite(number)) return not_a(wanted(into), text);
  into = number;
  return std::nullopt;
}
std::string print(double value) {
  return fmt::format("{}", value);
}

}  // namespace gateway
