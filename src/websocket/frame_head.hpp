#pragma once

/// \file
/// The head of a frame, as far as it has arrived. Internal.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace websocket {

/// Follows the bytes of one frame (RFC 6455 §5.2), so that its head is known before any of its
/// payload has arrived: wslay shows it together with the first payload alone.
class FrameHead {
 public:
  /// How many of the next bytes belong to the frame: a part of its head, or all of its payload.
  std::uint64_t wanted() const noexcept {
    if (have_ < 2) return 2 - have_;
    return have_ < size() ? size() - have_ : payload_left_;
  }
  /// `bytes` are at most as many as are wanted.
  void add(std::string_view bytes) noexcept {
    if (have_ >= 2 && have_ == size()) {
      payload_left_ -= bytes.size();
      return;
    }
    for (const char byte : bytes) bytes_[have_++] = static_cast<std::uint8_t>(byte);
    if (have_ >= 2 && have_ == size()) payload_left_ = payload_size();
  }

  /// Whether all but the mask has arrived.
  bool is_known() const noexcept { return have_ >= 2 && have_ >= 2 + length_bytes(); }
  std::uint8_t opcode() const noexcept { return bytes_[0] & 0x0FU; }
  bool is_last() const noexcept { return (bytes_[0] & 0x80U) != 0; }
  bool has_reserved_bits() const noexcept { return (bytes_[0] & 0x70U) != 0; }
  bool is_masked() const noexcept { return (bytes_[1] & 0x80U) != 0; }
  std::uint64_t payload_size() const noexcept {
    std::uint64_t size = bytes_[1] & 0x7FU;
    if (length_bytes() == 0) return size;
    size = 0;
    for (std::size_t i = 0; i < length_bytes(); ++i) size = size << 8U | bytes_[2 + i];
    return size;
  }

 private:
  std::size_t length_bytes() const noexcept {
    const unsigned length = bytes_[1] & 0x7FU;
    return length < 126 ? 0 : length == 126 ? 2 : 8;
  }
  std::size_t size() const noexcept {
    constexpr std::size_t kMask = 4;
    return 2 + length_bytes() + (is_masked() ? kMask : 0);
  }

  std::array<std::uint8_t, 14> bytes_ = {};
  std::size_t have_ = 0;
  std::uint64_t payload_left_ = 0;
};

}  // namespace websocket
}  // namespace v0
}  // namespace vx11
