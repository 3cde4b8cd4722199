#include "gateway/top/top_text.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace gateway {

namespace {

/// Bytes of the UTF-8 character that the text begins with; 0: it begins with none.
std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xC2 ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                                          : 4;
  if (size == 0 || first > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80) return 0;
  }
  return size;
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80 ? 1 : 0;
  return count;
}

std::string cut(std::string_view text, std::size_t width) {
  if (characters(text) <= width) return std::string(text);
  return width == 0 ? std::string() : fit(text, width - 1, true) + "~";
}

std::string spaces(std::string_view text, std::size_t width) {
  const std::size_t used = characters(text);
  return std::string(used < width ? width - used : 0, ' ');
}

}  // namespace

std::string short_time(std::optional<double> seconds) {
  if (!seconds || !std::isfinite(*seconds)) return "-";
  const double time = *seconds;
  if (time < 0.0009995) return fmt::format("{:.0f}us", time * 1e6);
  if (time < 0.00995) return fmt::format("{:.1f}ms", time * 1e3);
  if (time < 0.9995) return fmt::format("{:.0f}ms", time * 1e3);
  if (time < 9.995) return fmt::format("{:.2f}s", time);
  if (time < 99.95) return fmt::format("{:.1f}s", time);
  const auto whole = static_cast<long long>(time);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d{:02}h", whole / 86'400, whole / 3600 % 24);
}

std::string short_number(double number) {
  if (!std::isfinite(number)) return "-";
  if (number < 99.95) return fmt::format("{:.1f}", number);
  if (number < 99'999.5) return fmt::format("{:.0f}", number);
  return number < 1e6 ? fmt::format("{:.0f}k", number / 1e3) : fmt::format("{:.1f}M", number / 1e6);
}

std::string short_bytes(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f}B", bytes) : fmt::format("{:.1f}{}", bytes, kUnits[unit]);
}

std::string percent(double part, double whole) {
  if (!(whole > 0)) return "-";
  const double share = 100 * part / whole;
  const bool is_whole = share == 0 || share >= 9.95;
  return is_whole ? fmt::format("{:.0f}%", share) : fmt::format("{:.1f}%", share);
}

std::string left(std::string_view text, std::size_t width) {
  const std::string kept = cut(text, width);
  return kept + spaces(kept, width);
}

std::string right(std::string_view text, std::size_t width) {
  const std::string kept = cut(text, width);
  return spaces(kept, width) + kept;
}

std::string fit(std::string_view text, std::size_t width, bool has_utf8) {
  std::string out;
  for (std::size_t used = 0; used < width && !text.empty(); ++used) {
    const std::size_t size = character_size(text);
    const bool is_control = static_cast<unsigned char>(text.front()) < 0x20 || text.front() == 0x7F;
    if (size == 0 || is_control || (size > 1 && !has_utf8)) {
      out += '?';
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

}  // namespace gateway
