#pragma once

/// \file
/// The addon's threads, and limits that start when a call is made.

#include <cstdint>
#include <functional>

namespace vx11::node {

/// How long work may wait, so that a long wait does not keep a short one waiting: each has threads
/// of its own.
enum class Wait : std::uint8_t {
  asks,    ///< For upstreams that answer chats.
  checks,  ///< For health and power.
  stores,  ///< For session stores, and for what is freed.
};

/// Runs `work` on a thread of the addon. Not on libuv's: there are four, and a transport written in
/// JavaScript may need one of them while an ask waits for the transport. The threads are shared by
/// all environments, started on demand and never ended.
/// \return false if no thread could be started
bool run_aside(Wait wait, std::function<void()> work);

/// A timeout in milliseconds that starts when this is made, not when a thread takes the call.
/// Negative: none.
class Limit {
 public:
  explicit Limit(std::int64_t ms);
  /// As the C interface takes it.
  std::int64_t left_ms() const;

 private:
  std::int64_t end_ms_;  ///< On the monotonic clock; negative: never.
};

}  // namespace vx11::node
