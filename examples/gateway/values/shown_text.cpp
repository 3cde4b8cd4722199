#include "gateway/values/shown_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/config/config.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

/// A secret of fewer bytes can be guessed.
constexpr std::size_t kFewestOfSecret = 16;
/// Names of tables and settings are not longer.
constexpr std::size_t kLongestName = 32;
constexpr std::string_view kHidden = "***";

bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_of_name(char c) noexcept {
  return is_letter(c) || (c >= '0' && c <= '9') ||
         std::string_view("_-. =").find(c) != std::string_view::npos;
}

/// Sixteen letters and digits in a row, with a digit among them: rather a key than a name.
bool has_key(std::string_view text) noexcept {
  std::size_t run = 0;
  bool has_digit = false;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    run = is_digit || is_letter(c) ? run + 1 : 0;
    has_digit = run != 0 && (has_digit || is_digit);
    if (run >= kFewestOfSecret && has_digit) return true;
  }
  return false;
}

bool is_name(std::string_view text) noexcept {
  return text.size() <= kLongestName && !has_key(text) &&
         std::all_of(text.begin(), text.end(), is_of_name);
}

/// Without user, password and query.
std::string masked_url(std::string_view url) {
  const auto end = std::min(url.find_first_of("?#"), url.size());
  if (url.find('@', end) != std::string_view::npos) {  // of a password, or of the query
    const auto scheme = url.find("://");
    const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
    return std::string(url.substr(0, host)).append(kHidden);
  }
  return mask_userinfo(url.substr(0, end)) + (end == url.size() ? "" : "?***");
}

/// Keys have letters; numbers may be secrets without quotes.
bool is_harmless(std::string_view quoted) {
  if (quoted.size() < kFewestOfSecret) return true;
  if (std::none_of(quoted.begin(), quoted.end(), is_letter)) return false;
  while (!quoted.empty()) {
    const std::string_view part = quoted.substr(0, quoted.find('.'));
    quoted.remove_prefix(std::min(part.size() + 1, quoted.size()));
    if (!is_name(part)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> shown_value(std::string_view value) {
  const bool is_url = value.find("://") != std::string_view::npos;
  const bool is_long = value.size() >= kFewestOfSecret && !is_url;
  if (is_long || std::any_of(value.begin(), value.end(), is_control)) return std::nullopt;
  return in_quotes(masked_url(value));
}

std::string shown_name(std::string_view name) {
  return in_quotes(is_name(name) ? name : kHidden);
}

std::string shown_key(std::string_view key) {
  return std::string(is_name(key) ? key : kHidden);
}

std::string shown_parser_text(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto open = text.find('\'');
    const auto close = open == std::string_view::npos ? open : text.find('\'', open + 1);
    if (close == std::string_view::npos) break;
    const std::string_view quoted = text.substr(open + 1, close - open - 1);
    shown += fmt::format("{}'{}'", text.substr(0, open), is_harmless(quoted) ? quoted : kHidden);
    text.remove_prefix(close + 1);
  }
  return shown.append(text);
}

}  // namespace gateway
