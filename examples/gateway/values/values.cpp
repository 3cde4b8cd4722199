#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "gateway/values/shown_text.hpp"
#include "gateway/values/value_words.hpp"

namespace gateway {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

constexpr Words<bool, 2> kBooleans{{{"true", true}, {"false", false}}};
constexpr Words<ClientCertificates, 2> kClientCertificates{
    {{"required", ClientCertificates::required}, {"optional", ClientCertificates::optional}}};
constexpr Words<AuthMode, 3> kAuthModes{
    {{"token", AuthMode::token}, {"off", AuthMode::off}, {"jwt", AuthMode::jwt}}};
constexpr Words<MetricsMode, 3> kMetricsModes{{{"auto", MetricsMode::automatic},
                                               {"public", MetricsMode::open},
                                               {"token", MetricsMode::token}}};
constexpr std::pair<std::string_view, LogLevel> named(LogLevel level) {
  return {to_string(level), level};
}
constexpr Words<LogLevel, 6> kLogLevels{named(LogLevel::trace), named(LogLevel::debug),
                                        named(LogLevel::info),  named(LogLevel::warn),
                                        named(LogLevel::error), named(LogLevel::off)};
constexpr Words<LogFormat, 2> kLogFormats{{{"text", LogFormat::text}, {"json", LogFormat::json}}};
constexpr Words<vx11::Overtaken, 2> kOvertaken{
    {{"observe", vx11::Overtaken::observe}, {"cancel", vx11::Overtaken::cancel}}};
constexpr Words<vx11::SessionMember, 2> kSessionMembers{
    {{"metadata", vx11::SessionMember::metadata},
     {"metadata_or_user", vx11::SessionMember::metadata_or_user}}};
constexpr Words<vx11::SessionDurability, 2> kDurabilities{
    {{"process", vx11::SessionDurability::process}, {"power", vx11::SessionDurability::power}}};
/// Longest first, the order needed for printing.
constexpr Words<Duration, 6> kUnits{
    {{"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}, {"us", 1us}, {"ns", 1ns}}};

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (is_control(c)) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Complaint not_a(Wanted wanted, std::string_view text) {
  const auto shown = shown_value(text);
  return fmt::format("{}is not {}; write {}", shown ? *shown + ' ' : std::string(), wanted.name,
                     wanted.example);
}

Wanted wanted(const std::string&) {
  return {"text", "any characters but control characters"};
}
Complaint read(std::string_view text, std::string& into) {
  if (std::any_of(text.begin(), text.end(), is_control)) return not_a(wanted(into), text);
  into = text;
  return std::nullopt;
}
std::string print(const std::string& value) {
  return in_quotes(value);
}

Wanted wanted(const std::vector<std::string>&) {
  return {"a list of words", R"(["one", "two"], outside of files one,two)"};
}
Complaint read(std::string_view text, std::vector<std::string>& into) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto word = trimmed(text.substr(0, comma));
    if (word.empty()) return not_a(wanted(into), text);
    words.emplace_back(word);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  into = std::move(words);
  return std::nullopt;
}
std::string print(const std::vector<std::string>& value) {
  std::string out = "[";
  for (const std::string& word : value) out += (out.size() > 1 ? ", " : "") + in_quotes(word);
  return out + "]";
}

Wanted wanted(bool) {
  return {"a yes or no", "true or false"};
}
Complaint read(std::string_view text, bool& into) {
  return read_word(kBooleans, text, into);
}
std::string print(bool value) {
  return value ? "true" : "false";
}

Wanted wanted(Duration) {
  return {"a duration", R"(a whole number with its unit, such as "15s", "250ms", "2m" or "1h")"};
}
Complaint read(std::string_view text, Duration& into) {
  const auto unit_at = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = read_number(text.substr(0, unit_at));
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& candidate) {
    return candidate.first == text.substr(unit_at);
  });
  if (!number || unit == kUnits.end()) return not_a(wanted(into), text);
  const auto most = static_cast<std::uint64_t>(Duration::max() / unit->second);
  if (*number > most) return not_a(wanted(into), text);
  into = static_cast<Duration::rep>(*number) * unit->second;
  return std::nullopt;
}
std::string print(Duration value) {
  if (value == Duration::zero()) return "\"0s\"";
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [=](const auto& candidate) {
    return value % candidate.second == Duration::zero();
  });
  return fmt::format("\"{}{}\"", value / unit->second, unit->first);
}

Wanted wanted(const Secret&) {
  return {"a secret", "printable characters without blanks at the ends"};
}
Complaint read(std::string_view text, Secret& into) {
  // The message must not contain the text: it is a malformed secret.
  if (std::any_of(text.begin(), text.end(), is_control) || trimmed(text) != text) {
    return "has control characters, or blanks at its ends; they cannot be sent in a header, "
           "take them out";
  }
  into.value = text;
  return std::nullopt;
}
std::string print(const Secret& value) {
  return value.value.empty() ? "\"\"" : "\"***\"";
}

Wanted wanted(const FilePath&) {
  return {"a path", "that of a file"};
}
Complaint read(std::string_view text, FilePath& into) {
  // The message must not contain the text: it may be a key given in place of its path.
  if (read(text, into.value)) {
    return "is not a path but has control characters; write that of a file";
  }
  return std::nullopt;
}
std::string print(const FilePath& value) {
  return in_quotes(value.value);
}

Wanted wanted(const FallbackAfter&) {
  return {"`auto` or a duration", R"("auto", or a whole number with its unit, such as "4s")"};
}
Complaint read(std::string_view text, FallbackAfter& into) {
  Duration time = {};
  if (text != "auto" && read(text, time)) return not_a(wanted(into), text);
  into.time = text == "auto" ? std::nullopt : std::optional(time);
  return std::nullopt;
}
std::string print(const FallbackAfter& value) {
  return value.time ? print(*value.time) : in_quotes("auto");
}

Wanted wanted(vx11::Overtaken) {
  return {"a word", R"("observe" or "cancel")"};
}
Complaint read(std::string_view text, vx11::Overtaken& into) {
  return read_word(kOvertaken, text, into);
}
std::string print(vx11::Overtaken value) {
  return print_word(kOvertaken, value);
}

Wanted wanted(vx11::SessionMember) {
  return {"a word", R"("metadata" or "metadata_or_user")"};
}
Complaint read(std::string_view text, vx11::SessionMember& into) {
  return read_word(kSessionMembers, text, into);
}
std::string print(vx11::SessionMember value) {
  return print_word(kSessionMembers, value);
}

Wanted wanted(vx11::SessionDurability) {
  return {"a word", R"("process" or "power")"};
}
Complaint read(std::string_view text, vx11::SessionDurability& into) {
  return read_word(kDurabilities, text, into);
}
std::string print(vx11::SessionDurability value) {
  return print_word(kDurabilities, value);
}

Wanted wanted(ClientCertificates) {
  return {"whether clients need certificates", R"("required" or "optional")"};
}
Complaint read(std::string_view text, ClientCertificates& into) {
  return read_word(kClientCertificates, text, into);
}
std::string print(ClientCertificates value) {
  return print_word(kClientCertificates, value);
}

Wanted wanted(AuthMode) {
  return {"a way to authenticate", R"("token", "jwt" or "off")"};
}
Complaint read(std::string_view text, AuthMode& into) {
  return read_word(kAuthModes, text, into);
}
std::string print(AuthMode value) {
  return print_word(kAuthModes, value);
}

Wanted wanted(MetricsMode) {
  return {"an access to metrics", R"("auto", "public" or "token")"};
}
Complaint read(std::string_view text, MetricsMode& into) {
  return read_word(kMetricsModes, text, into);
}
std::string print(MetricsMode value) {
  return print_word(kMetricsModes, value);
}

Wanted wanted(LogLevel) {
  return {"a log level", R"("trace", "debug", "info", "warn", "error" or "off")"};
}
Complaint read(std::string_view text, LogLevel& into) {
  return read_word(kLogLevels, text, into);
}
std::string print(LogLevel value) {
  return print_word(kLogLevels, value);
}

std::string unquoted(const std::string& printed) {
  if (printed.size() < 2 || printed.front() != '"') return printed;
  return printed.substr(1, printed.size() - 2);
}

Wanted wanted(LogFormat) {
  return {"a form of the log", R"("text" or "json")"};
}
Complaint read(std::string_view text, LogFormat& into) {
  return read_word(kLogFormats, text, into);
}
std::string print(LogFormat value) {
  return print_word(kLogFormats, value);
}

}  // namespace gateway
