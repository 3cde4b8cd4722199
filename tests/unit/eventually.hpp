#pragma once

/// \file
/// Waits for what another thread or process does.

#include <chrono>
#include <thread>

/// Whether `holds` becomes true. The bound ends a failed test only, also on a busy machine.
template <class Holds>
bool eventually(const Holds& holds, std::chrono::seconds bound = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + bound;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}
