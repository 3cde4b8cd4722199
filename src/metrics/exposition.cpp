#include "metrics/exposition.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {
namespace metrics {

namespace {

/// Of help lines, where quotes need no escape, and of labels.
std::string escaped(std::string_view text, bool quotes_too) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || (quotes_too && c == '"')) out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  return out;
}

std::string labels_of(const MetricSeries& series) {
  std::string out;
  for (const auto& [name, value] : series.labels) {
    if (!out.empty()) out += ',';
    out.append(name).append("=\"").append(escaped(value, true)).append("\"");
  }
  return out;
}

std::string_view word_of(MetricKind kind, Exposition format) noexcept {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::histogram:
      return "histogram";
    case MetricKind::info:
      break;
  }
  return format == Exposition::openmetrics ? "info" : "gauge";
}

/// The name of the family: OpenMetrics takes the suffix of the lines away.
std::string_view stem_of(const MetricFamily& family, Exposition format) noexcept {
  std::string_view name = family.name;
  if (format == Exposition::prometheus) return name;
  constexpr std::string_view kTotal = "_total";
  constexpr std::string_view kInfo = "_info";
  if (family.kind == MetricKind::counter && name.ends_with(kTotal)) {
    name.remove_suffix(kTotal.size());
  }
  if (family.kind == MetricKind::info && name.ends_with(kInfo)) name.remove_suffix(kInfo.size());
  return name;
}

std::string head_of(const MetricFamily& family, Exposition format) {
  const std::string_view name = stem_of(family, format);
  const bool is_open = format == Exposition::openmetrics;
  std::string out;
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name,
                 escaped(family.help, is_open), name, word_of(family.kind, format));
  if (is_open && !family.unit.empty()) {
    fmt::format_to(std::back_inserter(out), "# UNIT {} {}\n", name, family.unit);
  }
  return out;
}

void append(std::string& out, std::uint64_t value) {
  const fmt::format_int text(value);
  out.append(text.data(), text.size());
}

void append(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  fmt::format_to(std::back_inserter(out), "{}", value);
}

/// As OpenMetrics wants bounds: `1.0`, not `1`. Prometheus stores the text, so both formats have
/// the same one.
void append_bound(std::string& out, double bound) {
  const std::size_t before = out.size();
  append(out, bound);
  if (out.find_first_not_of("0123456789", before) == std::string::npos) out += ".0";
}

void append_exemplar(std::string& out, const MetricExemplar& exemplar) {
  const auto since = exemplar.at.time_since_epoch();
  out.append(" # {trace_id=\"").append(exemplar.trace_id).append("\"} ");
  append(out, exemplar.value);
  fmt::format_to(std::back_inserter(out), " {}.{:03}", since.count() / 1'000,
                 since.count() % 1'000);
}

}  // namespace

std::string_view content_type(Exposition format) noexcept {
  return format == Exposition::openmetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

Page::Page(std::vector<MetricFamily> families) : families_(std::move(families)) {
  blocks_.reserve(families_.size());
  for (const MetricFamily& family : families_) blocks_.push_back(prepare(family));
}

Page::Block Page::prepare(const MetricFamily& family) {
  Block block{.family = &family,
              .prometheus_head = head_of(family, Exposition::prometheus),
              .openmetrics_head = head_of(family, Exposition::openmetrics)};
  for (const MetricSeries& series : family.series) {
    Line line{.labels = labels_of(series), .series = &series};
    line.before = family.name;
    if (!line.labels.empty()) line.before.append("{").append(line.labels).append("}");
    line.before += ' ';
    block.lines.push_back(std::move(line));
  }
  return block;
}

bool Page::write(std::string& out, Exposition format, Position& from, std::size_t most) const {
  const bool is_open = format == Exposition::openmetrics;
  for (const std::size_t end = out.size() + most; out.size() < end;) {
    if (from.block == blocks_.size()) {
      if (is_open) out += "# EOF\n";
      return false;
    }
    const Block& block = blocks_[from.block];
    if (from.line == 0) out += is_open ? block.openmetrics_head : block.prometheus_head;
    if (from.line < block.lines.size()) write(out, block, block.lines[from.line++], format);
    if (from.line >= block.lines.size()) from = {.block = from.block + 1};
  }
  return true;
}

std::string Page::text(Exposition format) const {
  std::string out;
  Position from;
  while (write(out, format, from, out.max_size() / 2)) {
  }
  return out;
}

void Page::write(std::string& out, const Block& block, const Line& line, Exposition format) {
  if (block.family->kind == MetricKind::histogram) return write_histogram(out, block, line, format);
  if (block.family->kind == MetricKind::info) {
    out.append(line.before).append("1\n");
  } else if (line.series->value) {
    out += line.before;
    append(out, line.series->value());
    out += '\n';
  } else if (const double value = line.series->real(); !std::isnan(value)) {
    out += line.before;
    append(out, value);
    out += '\n';
  }
}

void Page::write_histogram(std::string& out, const Block& block, const Line& line,
                           Exposition format) {
  const std::string& name = block.family->name;
  const std::string labels = line.labels.empty() ? "" : "{" + line.labels + "}";
  const std::string before = name + "_bucket{" + line.labels + (line.labels.empty() ? "" : ",");
  const HistogramReading reading = line.series->histogram();
  std::uint64_t count = 0;
  for (const MetricBucket& bucket : reading.buckets) {
    count += bucket.count;
    out.append(before).append("le=\"");
    append_bound(out, bucket.most);
    out += "\"} ";
    append(out, count);
    if (bucket.exemplar && format == Exposition::openmetrics) {
      append_exemplar(out, *bucket.exemplar);
    }
    out += '\n';
  }
  out.append(name).append("_sum").append(labels) += ' ';
  append(out, reading.sum);
  out.append("\n").append(name).append("_count").append(labels) += ' ';
  append(out, count);
  out += '\n';
}

}  // namespace metrics
}  // namespace v0
}  // namespace vx11
