#pragma once

/// \file
/// The summary of a conversation, computed from views of its messages. Internal.

#include <vx11/session.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The number of messages in a summary.
inline constexpr std::size_t kMessagesOfSummary = 3;
/// The number of characters of each.
inline constexpr std::size_t kCharactersOfMessage = 100;

/// The parts of a message that a summary needs.
struct MessageView {
  MessageView(std::string_view role, std::string_view content) : role(role), content(content) {}
  MessageView(const Message& message) : role(message.role), content(message.content) {}

  std::string_view role;
  std::string_view content;
};

/// The summary of all of `messages`, oldest first.
VX11_API std::string summary_of(std::span<const MessageView> messages);

}  // namespace v0
}  // namespace vx11
