#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net.hpp"

namespace upstream {

/// One event loop per thread. The first loop also runs every listener and the control port, so
/// setting or clearing a fault needs no lock around a listener.
class Loops {
 public:
  explicit Loops(std::size_t threads);
  ~Loops();
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  asio::io_context& first() { return *loops_.front(); }
  /// The loop for the next connection, round-robin. Call on the first loop only.
  asio::io_context& next();

  /// Runs until `stop()`; the calling thread serves the first loop.
  void run();
  /// Thread-safe.
  void stop();

 private:
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::size_t turn_ = 0;
};

}  // namespace upstream
