#pragma once

/// \file
/// A message of a chat as the APIs of models have it. Internal.

#include <string_view>

#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {

/// Writes `{"role":…,"content":…}`.
inline void write_message(json::Writer& json, std::string_view role, std::string_view text) {
  json.open('{').key("role").string(role).key("content").string(text).close('}');
}

}  // namespace v0
}  // namespace vx11
