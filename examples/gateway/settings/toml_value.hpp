#pragma once

/// \file
/// Nodes of a TOML document as the texts of settings.

#include <optional>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "gateway/values/values.hpp"

namespace gateway {

/// The type of a node, for messages: "a table", "an integer".
std::string_view kind_of(const toml::node& node);

/// What is wrong with the elements of a list of texts: one that is empty or has the separator would
/// not be read as one element. Never contains an element, which may be a secret.
Complaint mistake_of_elements(const toml::node& node, Shape shape);

/// The value as the text of a flag, or nothing if its type does not match.
std::optional<std::string> text_of(const toml::node& node, Shape shape);

}  // namespace gateway
