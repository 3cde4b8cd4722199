#pragma once

/// \file
/// Copies of chats for a target that is tried out. Internal.

#include <vx11/router.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace vx11 {
inline namespace v0 {

class RouterCore;

/// Decides which chats are copied, and counts the copies under way. Thread-safe.
class Shadow {
 public:
  /// \param options must outlive this object
  explicit Shadow(const RouterShadow& options) noexcept : options_(options) {}

  /// Sends a copy of `chat`, if it is one of the share and not too many are under way. Its breaker
  /// records the outcome; the answer is dropped.
  /// \param router its owner, kept until the call has ended
  void copy(std::shared_ptr<const RouterCore> router, const ChatRequest& chat) noexcept;

 private:
  class Call;

  bool is_due() noexcept;
  bool take_place() noexcept;
  void leave() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  const RouterShadow& options_;
  std::atomic<std::uint64_t> chats_{0};
  std::atomic<std::uint32_t> in_flight_{0};
};

}  // namespace v0
}  // namespace vx11
