#pragma once

/// \file
/// Metric families as the text that Prometheus reads. Internal.

#include <vx11/detail/mistakes.hpp>
#include <vx11/metric_family.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace metrics {

/// The two text formats.
enum class Exposition : unsigned char {
  prometheus,   ///< Prometheus text 0.0.4, which everything reads.
  openmetrics,  ///< OpenMetrics 1.0, with units and exemplars.
};

/// Its value for `Content-Type`.
std::string_view content_type(Exposition format) noexcept;

/// Adds what is wrong with the families to `mistakes`: names, labels, functions, and lines that
/// two of them would share.
void check(detail::Mistakes& mistakes, std::span<const MetricFamily> families);

/// Families whose texts are prepared: a scrape reads the values and puts them behind. Thread-safe.
class Page {
 public:
  /// \param families correct ones, see `check`
  explicit Page(std::vector<MetricFamily> families);

  /// How far a page has been written.
  struct Position {
    std::size_t block = 0;
    std::size_t line = 0;
  };
  /// Appends the next part to `out`: whole lines, of at least `most` bytes unless the page ends.
  /// \return whether more follows
  bool write(std::string& out, Exposition format, Position& from, std::size_t most) const;
  /// All of it.
  std::string text(Exposition format) const;

 private:
  struct Line {
    std::string before = {};  ///< Name and labels, up to the value.
    std::string labels = {};  ///< Of a histogram, without braces.
    const MetricSeries* series = nullptr;
  };
  struct Block {
    const MetricFamily* family = nullptr;
    std::string prometheus_head = {};
    std::string openmetrics_head = {};
    std::vector<Line> lines = {};
  };

  static Block prepare(const MetricFamily& family);
  static void write(std::string& out, const Block& block, const Line& line, Exposition format);
  static void write_histogram(std::string& out, const Block& block, const Line& line,
                              Exposition format);

  const std::vector<MetricFamily> families_;
  std::vector<Block> blocks_;
};

}  // namespace metrics
}  // namespace v0
}  // namespace vx11
