#pragma once

/// \file
/// A line of the log as text and as JSON. Pure functions.

#include <span>
#include <string>
#include <string_view>

#include "gateway/log/log.hpp"

namespace gateway {

/// `message` with its fields, in one line: control characters of values are escaped.
std::string message_text(std::string_view message, std::span<const LogField> fields);

/// For people: the message, and how many lines were left out before.
std::string text_of(const LogLine& line);

/// For programs: the members `level`, `event` and `message`, those fields that are not empty, and
/// `left_out` if there are such lines; without the braces around them.
std::string json_members_of(const LogLine& line);

}  // namespace gateway
