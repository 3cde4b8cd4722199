#pragma once

/// \file
/// `AnswerOrigin`: what the handlers around the one that answers learn from it.

#include <cstddef>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Who answered a chat, or what became of a command. The handler that answers fills it
/// (`HttpAdmission::origin`), so that logs, metrics and traces need not read the answer. Not
/// thread-safe: it belongs to one request.
struct AnswerOrigin {
  std::string source = {};    ///< The target that answered, in the words of the answer.
  std::string fallback = {};  ///< Why the first target did not; empty if it did.
  std::size_t attempts = 0;   ///< How many targets were asked.
  bool is_known = false;      ///< Whether those above were filled.
  /// Of a command: a word for what became of it, such as `planned`. Static text; empty: its status
  /// says it all.
  std::string_view outcome = {};
};

}  // namespace v0
}  // namespace vx11
