#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net.hpp"

namespace upstream {

/// One event loop per thread. The first loop also owns every listener and the control port, so
/// switching a fault on or off needs no lock around a listener.
class Loops {
 public:
  explicit Loops(std::size_t threads);
  ~Loops();
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  asio::io_context& first() { return *loops_.front(); }
  /// The loop for the next connection, in turn. Call on the first loop only.
  asio::io_context& next();

  /// Runs until `stop()`; the calling thread serves the first loop.
  void run();
  /// Safe from any thread.
  void stop();

 private:
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::size_t turn_ = 0;
};

}  // namespace upstream
