#pragma once

/// \file
/// The `error` member that upstreams put in place of an answer. Internal.

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {

/// Whether the value of an `error` member reports one: some upstreams send null or "" for none.
inline bool reports_error(const json::Member& member) noexcept {
  switch (member.kind) {
    case json::Kind::absent:
    case json::Kind::null:
      return false;
    case json::Kind::boolean:
      return member.text == "true";
    case json::Kind::number:
      return member.text != "0";
    case json::Kind::string:
      return !member.text.empty();
    case json::Kind::object:
    case json::Kind::array:
      return true;
  }
  return true;
}

}  // namespace v0
}  // namespace vx11
