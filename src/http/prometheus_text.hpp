#pragma once

/// \file
/// Lines of the Prometheus text format 0.0.4. Internal.

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {
namespace prometheus {

template <class... Args>
void line(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out += '\n';
}

inline void head(std::string& out, std::string_view name, std::string_view type,
                 std::string_view help) {
  line(out, "# HELP {} {}", name, help);
  line(out, "# TYPE {} {}", name, type);
}

/// Escapes the text of a help line.
inline std::string help_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  return out;
}

/// Escapes a label's value.
inline std::string label(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  return out;
}

}  // namespace prometheus
}  // namespace v0
}  // namespace vx11
