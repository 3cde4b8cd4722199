#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "metrics/exposition.hpp"

namespace vx11 {
inline namespace v0 {
namespace metrics {

namespace {

bool is_name(std::string_view name, std::string_view also) noexcept {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  const auto is_allowed = [&](char c) {
    return kLetters.find(c) != std::string_view::npos || (c >= '0' && c <= '9') ||
           also.find(c) != std::string_view::npos;
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

using Labels = decltype(MetricSeries::labels);

Labels sorted(Labels labels) {
  std::sort(labels.begin(), labels.end());
  return labels;
}

bool names_one_twice(const Labels& labels) {
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  return std::adjacent_find(labels.begin(), labels.end(), same_name) != labels.end();
}

bool has_function(const MetricSeries& series, MetricKind kind) {
  if (kind == MetricKind::info) return true;
  if (kind == MetricKind::histogram) return series.histogram != nullptr;
  return series.value != nullptr || series.real != nullptr;
}

void check_series(detail::Mistakes& mistakes, const MetricFamily& family) {
  std::set<Labels> seen;
  for (const MetricSeries& series : family.series) {
    const Labels labels = sorted(series.labels);
    mistakes.add_if(!has_function(series, family.kind), "a series has no function");
    mistakes.add_if(std::any_of(labels.begin(), labels.end(),
                                [](const auto& label) { return !is_name(label.first, ""); }),
                    "a label's name must be of letters, digits and _");
    mistakes.add_if(family.kind == MetricKind::histogram &&
                        std::any_of(labels.begin(), labels.end(),
                                    [](const auto& label) { return label.first == "le"; }),
                    "the label le belongs to the buckets");
    mistakes.add_if(names_one_twice(labels), "a series has two labels of the same name");
    mistakes.add_if(!seen.insert(labels).second, "two series have the same labels");
  }
}

std::string_view without(std::string_view name, std::string_view suffix) noexcept {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

void check_name(detail::Mistakes& mistakes, const MetricFamily& family) {
  const std::string_view name = family.name;
  const bool is_counter = family.kind == MetricKind::counter;
  mistakes.add_if(!is_name(name, ":"), "the name must be of letters, digits, _ and :");
  mistakes.add_if(is_counter && !name.ends_with("_total"),
                  "the name of a counter must end in _total");
  mistakes.add_if(family.kind == MetricKind::info && !name.ends_with("_info"),
                  "the name of an info must end in _info");
  mistakes.add_if(!family.unit.empty() &&
                      !without(name, is_counter ? "_total" : "").ends_with("_" + family.unit),
                  "the name must end in the unit");
}

/// What stands at the beginning of its lines, and its name in OpenMetrics.
std::set<std::string> names_of(const MetricFamily& family) {
  const std::string& name = family.name;
  if (family.kind == MetricKind::histogram) {
    return {name, name + "_bucket", name + "_sum", name + "_count"};
  }
  if (family.kind == MetricKind::counter) return {name, std::string(without(name, "_total"))};
  if (family.kind == MetricKind::info) return {name, std::string(without(name, "_info"))};
  return {name};
}

}  // namespace

void check(detail::Mistakes& mistakes, std::span<const MetricFamily> families) {
  std::set<std::string> taken;
  for (const MetricFamily& family : families) {
    mistakes.about("metric", family.name);
    check_name(mistakes, family);
    bool is_taken = false;
    for (const std::string& name : names_of(family)) {
      is_taken = !taken.insert(name).second || is_taken;
    }
    mistakes.add_if(is_taken, "the name is used twice");
    mistakes.add_if(family.help.find('\n') != std::string::npos, "the help must be one line");
    check_series(mistakes, family);
  }
}

}  // namespace metrics
}  // namespace v0
}  // namespace vx11
