#pragma once

/// \file
/// `Front`: the gateway's interface to a server in front of an OperatorApi.

#include <vx11/operator_api.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "config.hpp"

namespace gateway {

/// The result of stopping a front.
struct Drained {
  /// Requests aborted at the end of the grace time.
  std::size_t cut_off = 0;
  /// Whether all its threads have ended. If not, exit the process without destroying anything they
  /// may use.
  bool threads_ended = true;
};

/// Bound to an address from construction; answers from `start` on. Not thread-safe.
class Front {
 public:
  Front() = default;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  virtual ~Front() = default;

  /// The port actually bound.
  virtual std::uint16_t port() const = 0;
  /// Answers requests through `api` on its own threads. `api` must outlive the front.
  virtual void start(const vx11::OperatorApi& api) = 0;
  /// Stops accepting and waits up to `grace` for requests in progress.
  virtual Drained drain(Duration grace) = 0;
};

}  // namespace gateway
