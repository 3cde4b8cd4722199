#pragma once

/// \file
/// `AnswerWriter`: a streamed answer in the events of one endpoint. Internal.

#include <vx11/chat_stream.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace completions {

/// Limit for the part of an endless answer that is kept in the session.
inline constexpr std::size_t kMostKept = 1024 * 1024;

/// Writes only unnamed events, which collect until `take_out`.
class AnswerWriter : public ChatPieceSink {
 public:
  /// \param stream must outlive this object
  virtual void begin(const ChatStream& stream) = 0;
  /// Writes what the end of an answer still needs.
  virtual void end() = 0;
  /// Writes an error, which is the last event.
  /// \param body `{"error":{…}}`
  virtual void error(std::string_view body) = 0;
  virtual std::string take_out() noexcept = 0;
  /// The text so far, if the session needs it.
  virtual std::string take_text() noexcept = 0;
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
