#pragma once

/// \file
/// Compares the JSON reader with nlohmann's: both accept the same texts and find the same in them,
/// but for numbers beyond `double` and lone surrogates, which ours passes on.
/// For the mutation test and the fuzz target.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "json/scan.hpp"

namespace json_oracle {

using Document = nlohmann::json;
using Names = std::span<const std::string_view>;

/// Members of messages of every kind.
inline constexpr std::array<std::string_view, 6> kWanted = {"message", "metadata", "response",
                                                            "policy",  "n",        ""};

/// How deep `text`, which is JSON, is nested.
inline int depth_of(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      i += c == '\\' ? 1 : 0;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

/// Whether `run` is a number by RFC 8259.
inline bool is_number(std::string_view run) {
  std::size_t at = run.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < run.size() && run[at] >= '0' && run[at] <= '9') ++at;
    return at - begin;
  };
  const bool zero = at < run.size() && run[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < run.size() && run[at] == '.' && (++at, digits() == 0)) return false;
  if (at < run.size() && (run[at] == 'e' || run[at] == 'E')) {
    ++at;
    if (at < run.size() && (run[at] == '+' || run[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == run.size();
}

/// `text` with two things replaced that nlohmann refuses and RFC 8259 allows: numbers beyond
/// `double` by strings, and lone surrogates by U+FFFD.
inline std::string tamed(std::string_view text) {
  std::string out;
  bool in_string = false;
  const auto unit = [&](std::size_t at) {
    const std::string_view escape = text.substr(std::min(at, text.size()), 6);
    if (escape.size() < 6 || !escape.starts_with("\\u")) return 0L;
    if (escape.find_first_not_of("0123456789abcdefABCDEF", 2) != std::string_view::npos) return 0L;
    return std::stol(std::string(escape.substr(2)), nullptr, 16);
  };
  const auto is_high = [](long unit) { return unit >= 0xD800 && unit < 0xDC00; };
  const auto is_low = [](long unit) { return unit >= 0xDC00 && unit < 0xE000; };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    std::size_t length = 1;
    if (in_string && c == '\\') {
      const long first = unit(at);
      const bool pair = is_high(first) && is_low(unit(at + 6));
      length = pair ? 12 : first != 0 ? 6 : 2;
      const bool lone = !pair && (is_high(first) || is_low(first));
      out += lone ? "\\ufffd" : text.substr(at, length);
    } else if (!in_string && (c == '-' || (c >= '0' && c <= '9'))) {
      length = std::min(text.find_first_not_of("0123456789+-.eE", at), text.size()) - at;
      const std::string run(text.substr(at, length));
      const bool huge = is_number(run) && std::isinf(std::strtod(run.c_str(), nullptr));
      out += huge ? '"' + run + '"' : run;
    } else {
      in_string = in_string != (c == '"');
      out += c;
    }
    at += length;
  }
  return out;
}

/// What nlohmann reads; nothing if it is not JSON. It takes a NUL for the end of its input, and
/// JSON has none outside of escapes.
inline std::optional<Document> expected(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  Document read = Document::parse(tamed(text), nullptr, false);
  if (read.is_discarded()) return std::nullopt;
  return read;
}

/// What was found, as one document; of duplicates the last wins, as nlohmann has it.
inline Document together(const vx11::json::Split& read, Names wanted) {
  Document whole = Document::parse(tamed(read.rest));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const vx11::json::Member& member = read.found.members[i];
    if (member.kind == vx11::json::Kind::absent) continue;
    const bool is_string = member.kind == vx11::json::Kind::string;
    whole[std::string(wanted[i])] =
        is_string ? Document(member.text) : Document::parse(tamed(member.text));
  }
  return whole;
}

/// The mistake in the reason or the place of an error; empty if none.
inline std::string mistake_in(const vx11::json::ScanError& error, std::string_view text,
                              const std::optional<Document>& expected) {
  using vx11::json::ScanErrc;
  switch (error.reason) {
    case ScanErrc::not_object:
      return expected && !expected->is_object() ? "" : "refused as no object";
    case ScanErrc::too_deep:
      if (expected && depth_of(text) <= vx11::json::kMaxDepth) return "refused as too deep";
      return "";
    case ScanErrc::not_json:
      break;
    default:
      return "refused: " + error.detail;
  }
  if (expected) return "refused as no JSON";
  if (error.byte > text.size()) return "the place of the error is outside of the text";
  // Before it nothing is wrong: the text could end there, or go on as JSON.
  const auto before = vx11::json::scan_object(text.substr(0, error.byte), {});
  const bool may_go_on =
      before || before.error().reason == ScanErrc::not_object || before.error().byte == error.byte;
  return may_go_on ? "" : "the error is before its place";
}

/// The difference between the result read and the expected one; empty if none.
inline std::string mistake_in(const vx11::json::Split& read, Names wanted, std::string_view text,
                              const std::optional<Document>& expected) {
  if (!expected || !expected->is_object()) return "accepted";
  if (depth_of(text) > vx11::json::kMaxDepth) return "accepted although too deep";
  if (together(read, wanted) != *expected) return "read otherwise";
  const auto again = vx11::json::split_object(read.rest, {});
  if (!again || again->rest != read.rest) return "the rest is not as it would be written again";
  if (wanted.empty() && read.found.plain && read.rest != text) return "not as plain as said";
  return "";
}

/// The difference between the reader and nlohmann's on `text`; empty if none.
inline std::string disagreement(std::string_view text, Names wanted) {
  const std::optional<Document> document = expected(text);
  const auto split = vx11::json::split_object(text, wanted);
  const auto scanned = vx11::json::scan_object(text, wanted);
  if (split.has_value() != scanned.has_value()) return "split and scan differ";
  return split ? mistake_in(*split, wanted, text, document)
               : mistake_in(split.error(), text, document);
}

}  // namespace json_oracle
