#include "operator/metric_families.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "http/prometheus_text.hpp"

namespace vx11 {
inline namespace v0 {

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

std::string labels_of(const MetricSeries& series) {
  std::string out;
  for (const auto& [name, value] : series.labels) {
    out += (out.empty() ? "{" : ",") + name + "=\"" + prometheus::label(value) + '"';
  }
  return out.empty() ? out : out + '}';
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

void check_series(detail::Mistakes& mistakes, const MetricFamily& family) {
  std::vector<Labels> seen;
  for (const MetricSeries& series : family.series) {
    const Labels labels = sorted(series.labels);
    mistakes.add_if(!series.value && !series.real, "a series has no function");
    mistakes.add_if(std::any_of(labels.begin(), labels.end(),
                                [](const auto& label) { return !is_name(label.first, ""); }),
                    "a label's name must be of letters, digits and _");
    mistakes.add_if(names_one_twice(labels), "a series has two labels of the same name");
    mistakes.add_if(std::find(seen.begin(), seen.end(), labels) != seen.end(),
                    "two series have the same labels");
    seen.push_back(labels);
  }
}

/// Whether `own` has a family of that name, or a histogram with lines of that name.
bool is_taken(const std::string& own, const std::string& name) {
  if (own.find("# TYPE " + name + ' ') != std::string::npos) return true;
  const std::size_t at = name.rfind('_');
  const std::string suffix = at == std::string::npos ? "" : name.substr(at);
  return (suffix == "_bucket" || suffix == "_sum" || suffix == "_count") &&
         own.find("# TYPE " + name.substr(0, at) + " histogram") != std::string::npos;
}

}  // namespace

void check_families(detail::Mistakes& mistakes, std::span<const MetricFamily> families,
                    const std::string& own) {
  for (auto family = families.begin(); family != families.end(); ++family) {
    const auto has_name = [&](const MetricFamily& other) { return other.name == family->name; };
    mistakes.about("metric", family->name);
    mistakes.add_if(!is_name(family->name, ":"), "the name must be of letters, digits, _ and :");
    mistakes.add_if(family->kind == MetricKind::counter && !family->name.ends_with("_total"),
                    "the name of a counter must end in _total");
    mistakes.add_if(is_taken(own, family->name) || std::any_of(families.begin(), family, has_name),
                    "the name is used twice");
    mistakes.add_if(family->help.find('\n') != std::string::npos, "the help must be one line");
    check_series(mistakes, *family);
  }
}

void write_families(std::string& out, std::span<const MetricFamily> families) {
  for (const MetricFamily& family : families) {
    const bool is_counter = family.kind == MetricKind::counter;
    prometheus::head(out, family.name, is_counter ? "counter" : "gauge",
                     prometheus::help_text(family.help));
    for (const MetricSeries& series : family.series) {
      if (series.real) {
        prometheus::line(out, "{}{} {:.6g}", family.name, labels_of(series), series.real());
      } else {
        prometheus::line(out, "{}{} {}", family.name, labels_of(series), series.value());
      }
    }
  }
}

}  // namespace v0
}  // namespace vx11
