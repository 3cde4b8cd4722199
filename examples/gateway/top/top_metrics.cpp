#include "gateway/top/top_metrics.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <map>

namespace gateway {

namespace {

constexpr std::string_view kSpace = " \t\r";

std::string_view without_space(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == text.npos ? std::string_view() : text.substr(first);
}

bool take(std::string_view& text, char wanted) {
  text = without_space(text);
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

/// A label's value after its first quote, with `\\`, `\"` and `\n`.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string value;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c != '\\') {
      value += c;
      continue;
    }
    if (text.empty()) break;
    value += text.front() == 'n' ? '\n' : text.front();
    text.remove_prefix(1);
  }
  return std::nullopt;
}

/// The labels after their first brace, and that at their end.
bool take_labels(std::string_view& text, MetricSample& into) {
  while (!take(text, '}')) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos) return false;
    std::string_view name = text.substr(0, equals);
    name = name.substr(0, std::min(name.find_last_not_of(kSpace) + 1, name.size()));
    text.remove_prefix(equals + 1);
    if (!take(text, '"')) return false;
    auto value = take_quoted(text);
    if (!value) return false;
    into.labels.emplace_back(std::string(name), *std::move(value));
    if (!take(text, ',') && !without_space(text).starts_with('}')) return false;
  }
  return true;
}

std::optional<double> number_in(std::string_view text) {
  text = text.substr(0, std::min(text.find_first_of(kSpace), text.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, value);  // also inf and nan
  if (text.empty() || error != std::errc() || read != end) return std::nullopt;
  return value;
}

/// A time and an exemplar after the value are of no use here.
std::optional<MetricSample> sample_in(std::string_view line) {
  MetricSample sample;
  const std::size_t end = line.find_first_of("{ \t");
  if (end == line.npos || end == 0) return std::nullopt;
  sample.name = line.substr(0, end);
  line = without_space(line.substr(end));
  if (take(line, '{') && !take_labels(line, sample)) return std::nullopt;
  const auto value = number_in(without_space(line));
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

bool has_labels(const MetricSample& sample, const MetricLabels& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
    return sample.label(wanted.first) == wanted.second;
  });
}

double seconds_of(vx11::Duration time) {
  return std::chrono::duration<double>(time).count();
}

using Buckets = std::map<double, double>;  ///< Counts, cumulative, by their bound.

Buckets buckets_of(const MetricSnapshot& snapshot, const std::string& name,
                   const MetricLabels& labels) {
  Buckets buckets;
  for (const MetricSample& sample : snapshot.samples()) {
    if (sample.name != name || !has_labels(sample, labels)) continue;
    if (const auto bound = number_in(sample.label("le"))) buckets[*bound] += sample.value;
  }
  return buckets;
}

double total_of(const Buckets& buckets) {
  return buckets.empty() ? 0 : buckets.rbegin()->second;
}

/// Counts fall when the gateway has been restarted.
Buckets difference(const Buckets& before, Buckets now) {
  if (total_of(now) < total_of(before)) return now;
  for (auto& [bound, count] : now) {
    const auto earlier = before.find(bound);
    if (earlier != before.end()) count -= earlier->second;
  }
  return now;
}

std::optional<double> quantile_of(double q, const Buckets& buckets) {
  const double total = total_of(buckets);
  if (!(total > 0)) return std::nullopt;
  const double rank = q * total;
  double lower = 0;
  double below = 0;
  for (const auto& [bound, count] : buckets) {
    if (count >= rank) {
      if (bound == std::numeric_limits<double>::infinity()) return lower;
      return count > below ? lower + (bound - lower) * (rank - below) / (count - below) : bound;
    }
    lower = bound;
    below = count;
  }
  return lower;
}

}  // namespace

std::string_view MetricSample::label(std::string_view of) const noexcept {
  for (const auto& [name, text] : labels) {
    if (name == of) return text;
  }
  return {};
}

MetricSnapshot MetricSnapshot::parse(std::string_view text) {
  MetricSnapshot snapshot;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_space(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (auto sample = sample_in(line)) {
      snapshot.samples_.push_back(*std::move(sample));
    } else {
      ++snapshot.skipped_lines_;
    }
  }
  return snapshot;
}

bool MetricSnapshot::has(std::string_view name) const {
  return std::any_of(samples_.begin(), samples_.end(),
                     [=](const MetricSample& sample) { return sample.name == name; });
}

double MetricSnapshot::sum(std::string_view name, const MetricLabels& labels) const {
  return value(name, labels).value_or(0);
}

std::optional<double> MetricSnapshot::value(std::string_view name,
                                            const MetricLabels& labels) const {
  std::optional<double> sum;
  for (const MetricSample& sample : samples_) {
    if (sample.name == name && has_labels(sample, labels)) sum = sum.value_or(0) + sample.value;
  }
  return sum;
}

std::vector<std::string> MetricSnapshot::values_of(std::string_view name,
                                                   std::string_view label) const {
  std::vector<std::string> values;
  for (const MetricSample& sample : samples_) {
    if (sample.name != name) continue;
    const std::string_view value = sample.label(label);
    if (std::find(values.begin(), values.end(), value) == values.end()) values.emplace_back(value);
  }
  return values;
}

double MetricChange::growth(std::string_view name, const MetricLabels& labels) const {
  const double now = now_.sum(name, labels);
  const double before = before_ == nullptr ? 0 : before_->sum(name, labels);
  return now < before ? now : now - before;
}

double MetricChange::per_second(std::string_view name, const MetricLabels& labels) const {
  const double seconds = seconds_of(elapsed_);
  return seconds > 0 ? growth(name, labels) / seconds : 0;
}

std::optional<double> MetricChange::quantile(double q, std::string_view histogram,
                                             const MetricLabels& labels) const {
  const std::string name = std::string(histogram) + "_bucket";
  const Buckets before = before_ == nullptr ? Buckets() : buckets_of(*before_, name, labels);
  return quantile_of(q, difference(before, buckets_of(now_, name, labels)));
}

}  // namespace gateway
