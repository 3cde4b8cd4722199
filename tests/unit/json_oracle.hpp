#pragma once

/// \file
/// Compares the JSON reader with nlohmann's: both accept the same texts and find the same in them.
/// For the mutation test and the fuzz target.

#include <algorithm>
#include <array>
#include <cstddef>
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

/// What nlohmann reads; nothing if it is not JSON. It takes a NUL for the end of its input, and JSON
/// has none outside of escapes.
inline std::optional<Document> expected(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  Document read = Document::parse(text.begin(), text.end(), nullptr, false);
  if (read.is_discarded()) return std::nullopt;
  return read;
}

/// What was found, as one document; of duplicates the last wins, as nlohmann has it.
inline Document together(const vx11::json::Split& read, Names wanted) {
  Document whole = Document::parse(read.rest);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const vx11::json::Member& member = read.found.members[i];
    if (member.kind == vx11::json::Kind::absent) continue;
    const bool is_string = member.kind == vx11::json::Kind::string;
    whole[std::string(wanted[i])] =
        is_string ? Document(member.text) : Document::parse(member.text);
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
