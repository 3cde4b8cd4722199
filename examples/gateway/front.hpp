#pragma once

/// \file
/// `Front`: a server in front of an OperatorApi. The gateway knows servers by this alone.

#include <vx11/operator_api.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "config.hpp"

namespace gateway {

/// How a front has ended.
struct Drained {
  /// Requests that were cut off when the grace time had passed.
  std::size_t cut_off = 0;
  /// Whether all its threads have ended. If not, leave the process without destroying anything
  /// they may use.
  bool threads_ended = true;
};

/// Bound to an address from its creation on; answers from `start` on. Used by one thread.
class Front {
 public:
  Front() = default;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  virtual ~Front() = default;

  /// The port it really listens on.
  virtual std::uint16_t port() const = 0;
  /// Answers by `api`, which outlives the front, on threads of its own.
  virtual void start(const vx11::OperatorApi& api) = 0;
  /// Accepts nothing more and waits for the requests under way, `grace` at most.
  virtual Drained drain(Duration grace) = 0;
};

}  // namespace gateway
