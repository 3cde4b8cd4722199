#pragma once

/// \file
/// JSON and text that come from others: bounded, and read without assumptions. Internal.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace backend {

/// Parses JSON that nests at most 64 levels; deeper values would overflow the stack when they are
/// written. None if it is no JSON in UTF-8, or deeper.
std::optional<nlohmann::json> parse_bounded(std::string_view text);

/// The member of that name; null if `object` is no object or has no such member.
const nlohmann::json& member(const nlohmann::json& object, const char* name);
/// The member of that name if it is a text, else `otherwise`.
std::string text_member(const nlohmann::json& object, const char* name,
                        std::string_view otherwise = {});

/// Without what is no UTF-8, at most `most` bytes, cut between characters.
std::string bounded_text(std::string_view text, std::size_t most);

}  // namespace backend
