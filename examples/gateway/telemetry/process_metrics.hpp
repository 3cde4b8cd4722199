#pragma once

/// \file
/// What this process uses of the machine, by the names that all exporters have for it.

#include <vx11/metric_family.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace gateway {

/// The number of open files, which takes milliseconds to count when there are many: counted on a
/// thread that may block, if a scrape has asked since. Thread-safe.
class OpenFiles {
 public:
  OpenFiles() { count(); }

  /// Call it each second.
  void tend() {
    if (asked_.exchange(false, std::memory_order_relaxed)) count();
  }
  /// As they were counted last.
  std::uint64_t number() const noexcept {
    asked_.store(true, std::memory_order_relaxed);
    return number_.load(std::memory_order_relaxed);
  }

 private:
  void count();

  mutable std::atomic<bool> asked_ = false;
  std::atomic<std::uint64_t> number_ = 0;
};

std::vector<vx11::MetricFamily> process_metrics(std::shared_ptr<const OpenFiles> files);

}  // namespace gateway
