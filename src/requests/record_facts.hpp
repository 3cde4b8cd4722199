#pragma once

/// \file
/// What a record says of a request and its answer besides the obvious. Internal.

#include <vx11/headers.hpp>

#include <cstddef>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// The word of an error's body, of letters, digits and underscores; empty if there is none.
std::string_view error_word(std::string_view body) noexcept;

/// Who answered a chat.
struct ChatFacts {
  std::string_view source = {};    ///< The target.
  std::string_view fallback = {};  ///< Why the first one did not answer; empty if it did.
  std::size_t attempts = 0;        ///< How many targets were asked.
};

/// Found in the answer as the APIs write it, or in the last events of a stream: what a client or an
/// upstream wrote is escaped there, or stands elsewhere.
ChatFacts chat_facts(std::string_view body) noexcept;

}  // namespace requests
}  // namespace v0
}  // namespace vx11
