#pragma once

/// \file
/// JSON that holds no answer. Internal.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

#include <utility>

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {

/// The answer of a body that a dialect cannot read: without a text if it is JSON, though no object
/// or nested too deep. What the client sent may be the cause, so no breaker counts it.
inline Result<ChatAnswer> no_text(json::ScanError&& error) {
  if (error.may_be_json()) return ChatAnswer();
  return fail(std::move(error));
}

}  // namespace v0
}  // namespace vx11
