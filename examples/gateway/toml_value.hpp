#pragma once

/// \file
/// Nodes of a TOML document as the texts of settings.

#include <optional>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "values.hpp"

namespace gateway {

/// The type of a node, for messages: "a table", "an integer".
std::string_view kind_of(const toml::node& node);

/// The value as the text of a flag, or nothing if its type does not match.
std::optional<std::string> text_of(const toml::node& node, Shape shape);

}  // namespace gateway
