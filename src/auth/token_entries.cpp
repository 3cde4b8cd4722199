// The text of token files.
#include <vx11/rfc3339.hpp>
#include <vx11/token_file.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "text/hex.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::string_view kFirstLine = "vx11-tokens 1";
constexpr std::string_view kLastLine = "end";
constexpr std::string_view kNoExpiry = "-";
constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::size_t kDigestBytes = kDigestPrefix.size() + 2 * std::tuple_size_v<TokenDigest>;
constexpr std::string_view kRatePrefix = " rate=";
constexpr std::string_view kConcurrentPrefix = " concurrent=";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kMostNameBytes = 64;

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Takes the text up to `separator`, which is consumed; all of it without one.
std::string_view take_until(std::string_view& text, char separator) noexcept {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::optional<TokenDigest> parse_digest(std::string_view text) noexcept {
  TokenDigest digest{};
  if (!text.starts_with(kDigestPrefix)) return std::nullopt;
  text.remove_prefix(kDigestPrefix.size());
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const std::size_t high = kHex.find(text[2 * i]);
    const std::size_t low = kHex.find(text[2 * i + 1]);
    if (high == kHex.npos || low == kHex.npos) return std::nullopt;
    digest[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return digest;
}

std::string expiry_text(const std::optional<WallTime>& expires) {
  if (!expires) return std::string(kNoExpiry);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*expires).time_since_epoch();
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())));
}

/// One spelling for each time, so that what was read is printed as it was.
bool parse_expiry(std::string_view text, TokenEntry& into) {
  if (text == kNoExpiry) return true;
  into.expires = parse_rfc3339(text);
  return into.expires && expiry_text(into.expires) == text;
}

/// With a space before it.
std::string limits_text(const TokenLimits& own) {
  return own.empty() ? std::string() : ' ' + to_string(own);
}

/// One spelling for each, so that what was read is printed as it was.
bool parse_limits(std::string_view text, TokenLimits& into) {
  std::string_view rest = text;
  if (rest.starts_with(kRatePrefix)) {
    rest.remove_prefix(kRatePrefix.size());
    const std::string_view written = rest.substr(0, rest.find(' '));
    const auto rate = parse_request_rate(written);
    if (!rate) return false;
    into.rate = *rate;
    rest.remove_prefix(written.size());
  }
  if (rest.starts_with(kConcurrentPrefix)) {
    rest.remove_prefix(kConcurrentPrefix.size());
    std::from_chars(rest.data(), rest.data() + rest.size(), into.concurrent);
  }
  return limits_text(into) == text;
}

/// \return the mistake; empty for none
std::string_view parse_entry(std::string_view line, TokenEntry& into) {
  const std::string_view name = take_until(line, ' ');
  const std::string_view scopes = take_until(line, ' ');
  const std::string_view expires = take_until(line, ' ');
  if (!is_token_name(name)) return "the name is none, or not followed by one space";
  const auto parsed = parse_scopes(scopes);
  if (!parsed) return "the scopes are none that this version knows, with commas between them";
  if (!parse_expiry(expires, into)) return "the expiry is neither - nor like 2026-12-31T23:59:59Z";
  const auto digest = parse_digest(line.substr(0, kDigestBytes));
  if (!digest) return "the digest is not sha256: and 64 digits";
  if (!parse_limits(line.substr(kDigestBytes), into.limits)) {
    return "the limits are not rate=60/m, concurrent=4, or both with one space between";
  }
  into.name = name;
  into.scopes = *parsed;
  into.digest = *digest;
  return {};
}

/// Reads lines, and remembers what must not occur twice.
class Parser {
 public:
  explicit Parser(std::string_view text) noexcept : rest_(text) {}

  Result<std::vector<TokenEntry>> parse() && {
    if (next() != kFirstLine) return mistake("the first line is not \"vx11-tokens 1\"");
    while (!rest_.empty()) {
      const std::string_view line = next();
      if (line == kLastLine) return finish();
      if (const auto wrong = take(line); !wrong.empty()) return mistake(wrong);
    }
    return mistake("the last line is not \"end\": the file was cut off");
  }

 private:
  std::string_view next() noexcept {
    ++line_;
    return take_until(rest_, '\n');
  }

  std::string_view take(std::string_view line) {
    TokenEntry entry;
    if (const auto wrong = parse_entry(line, entry); !wrong.empty()) return wrong;
    if (!names_.insert(entry.name).second) return "the name is used twice";
    if (!digests_.insert(entry.digest).second) return "the digest is used twice";
    entries_.push_back(std::move(entry));
    return {};
  }

  Result<std::vector<TokenEntry>> finish() {
    if (!rest_.empty()) return mistake("there is text after \"end\"");
    return std::move(entries_);
  }

  tl::unexpected<Error> mistake(std::string_view what) const {
    return fail(Errc::invalid_argument, fmt::format("line {}: {}", line_, what));
  }

  std::string_view rest_;
  std::size_t line_ = 0;
  std::vector<TokenEntry> entries_ = {};
  std::set<std::string> names_ = {};
  std::set<TokenDigest> digests_ = {};
};

void append_entry(std::string& text, const TokenEntry& entry) {
  fmt::format_to(std::back_inserter(text), "{} {} {} {}", entry.name, to_string(entry.scopes),
                 expiry_text(entry.expires), kDigestPrefix);
  text.append(hex_of(entry.digest, entry.digest.size())).append(limits_text(entry.limits)) += '\n';
}

}  // namespace

bool is_token_name(std::string_view name) noexcept {
  const auto is_allowed = [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMostNameBytes && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

Result<std::vector<TokenEntry>> parse_token_file(std::string_view text) {
  return Parser(text).parse();
}

std::string print_token_file(std::span<const TokenEntry> entries) {
  std::string text = std::string(kFirstLine) + '\n';
  for (const TokenEntry& entry : entries) append_entry(text, entry);
  return text.append(kLastLine) += '\n';
}

}  // namespace v0
}  // namespace vx11
