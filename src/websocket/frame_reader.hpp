#pragma once

/// \file
/// Frames of a client, put together to messages. Internal.

#include <vx11/websocket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "websocket/frame_head.hpp"

struct wslay_frame_context;

namespace vx11 {
inline namespace v0 {
namespace websocket {

/// What a client has sent.
struct Received {
  enum class Kind : std::uint8_t {
    none,  ///< Not complete yet.
    message,
    ping,
    pong,
    close,   ///< The client's close; `code` 1005: without one.
    failed,  ///< Against the protocol or a limit; `code` and `data` are those to close with.
  };
  Kind kind = Kind::none;
  bool is_text = false;
  std::uint16_t code = 0;
  std::string data = {};
};

/// Reads frames with wslay, and decides what they mean. Its event interface, which would do both,
/// answers a close with 1012 to 1014 with 1002 and does not deliver it (1.1.1). Not thread-safe.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_message_bytes);
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  ~FrameReader();

  /// The next thing that is complete in what was read before and `input`, whose read part is
  /// removed. After `close` and `failed` do not call it again. Throws `std::bad_alloc`.
  Received next(std::string_view& input);

 private:
  struct Free {
    void operator()(wslay_frame_context* context) const noexcept;
  };
  struct Frame;

  static long give(std::uint8_t* into, std::size_t size, int flags, void* self) noexcept;
  /// What the frame's head says against the protocol; `none`: nothing.
  Received check(const Frame& frame) const;
  Received check_head() const;
  Received take(const Frame& frame, std::string_view payload);
  bool may_become_text() noexcept;
  Received end_of(const Frame& frame);

  const std::size_t max_message_bytes_;
  std::unique_ptr<wslay_frame_context, Free> context_;
  std::string_view input_ = {};
  FrameHead head_ = {};           ///< Of the current frame.
  std::uint64_t frame_read_ = 0;  ///< Of the payload of the current frame.
  bool in_frame_ = false;
  bool in_message_ = false;  ///< A fragment has come, the last one has not.
  bool is_text_ = false;     ///< Of that message.
  std::string message_ = {};
  std::size_t checked_ = 0;  ///< How much of a text in `message_` is whole characters.
  std::string control_ = {};
};

/// In place of a status code: a close without one.
inline constexpr std::uint16_t kNoCode = 1005;
/// RFC 6455 §7.4 and IANA's registry: 1004 to 1006 and 1015 are never sent.
bool may_be_sent(std::uint16_t code) noexcept;

/// Appends a frame of a server.
/// \param opcode as wslay has them
void append_frame(std::string& out, std::uint8_t opcode, std::string_view payload);

/// The payload of a close frame. A reason of more than 123 bytes is cut off between characters.
std::string close_payload(std::uint16_t code, std::string_view reason);

}  // namespace websocket
}  // namespace v0
}  // namespace vx11
