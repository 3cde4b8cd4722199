#pragma once

/// \file
/// What `vx11-gateway top` shows: lines of text made of two scrapes. Pure functions.

#include <vx11/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/top/top_metrics.hpp"

namespace gateway {

/// What was read of a gateway at one moment.
struct TopSample {
  vx11::TimePoint at = {};
  vx11::WallTime time = {};
  MetricSnapshot metrics = {};
  /// `status` of `GET /operator/status`, and of its components; empty if it could not be read.
  std::string status = {};
  std::vector<std::pair<std::string, std::string>> components = {};
};

/// The order of the requests' rows.
enum class TopSort : std::uint8_t { rate, latency, errors, name };

/// For its key and the first line: `rate`, `p99`, `errors`, `name`.
std::string to_string(TopSort sort);

/// How a line is to look on a terminal.
enum class TopLook : std::uint8_t { plain, heading, warning };

struct TopLine {
  std::string text = {};
  TopLook look = TopLook::plain;
};

/// The whole frame, in UTF-8, with lines of any length.
/// \param before null: rates are those since the start of the gateway
/// \param url as shown in the first line
std::vector<TopLine> make_top_frame(const TopSample* before, const TopSample& now,
                                    const std::string& url, TopSort sort);

/// The lines that a terminal of this size has room for; the last one says how many are left out.
std::vector<TopLine> fitted(std::vector<TopLine> lines, std::size_t width, std::size_t height,
                            bool has_utf8);

}  // namespace gateway
