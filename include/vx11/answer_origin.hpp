#pragma once

/// \file
/// `AnswerOrigin`: who answered a chat, for the handlers around the one that answers.

#include <cstddef>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Who answered a chat. The handler that answers fills it (`HttpAdmission::origin`), so that logs,
/// metrics and traces need not read the answer. Not thread-safe: it belongs to one request.
struct AnswerOrigin {
  std::string source = {};    ///< The target that answered, in the words of the answer.
  std::string fallback = {};  ///< Why the first target did not; empty if it did.
  std::size_t attempts = 0;   ///< How many targets were asked.
  bool is_known = false;      ///< Whether it was filled.
};

}  // namespace v0
}  // namespace vx11
