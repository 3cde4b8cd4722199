#pragma once

/// \file
/// What messages may show of a text that a user has written: a secret may stand in the wrong place.

#include <optional>
#include <string>
#include <string_view>

namespace gateway {

/// A value in quotes, or none if it may be a secret: if it has 16 bytes or more, or control
/// characters. Of a URL without user, password and query, whatever its length.
std::optional<std::string> shown_value(std::string_view value);

/// A name in quotes; `"***"` if it is none: a path, for example, or longer than names are.
std::string shown_name(std::string_view name);

/// A part of a key in a file; `***` as above.
std::string shown_key(std::string_view key);

/// The text of a parser without what it quotes from a file, unless that is short or a key.
std::string shown_parser_text(std::string_view text);

}  // namespace gateway
