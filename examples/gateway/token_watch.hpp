#pragma once

/// \file
/// Keeps the tokens in force equal to their file.

#include <vx11/metric_family.hpp>
#include <vx11/token_file.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace gateway {

/// Reads a token file again, and logs and counts the outcome. Thread-safe.
class TokenWatch {
 public:
  explicit TokenWatch(std::shared_ptr<vx11::TokenFile> file);

  void refresh();  ///< If the file has changed. Blocks as long as the file system does.
  void reload();   ///< In any case.

  const vx11::TokenFile& file() const noexcept { return *file_; }
  std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

 private:
  void note_used();
  void note_refused(const vx11::Error& error);

  std::shared_ptr<vx11::TokenFile> file_;
  std::atomic<std::uint64_t> used_{1};  // the first reading is that of the start
  std::atomic<std::uint64_t> refused_{0};
};

/// Readings of the file, and how many tokens are in force; empty without a watch.
std::vector<vx11::MetricFamily> token_metrics(const std::shared_ptr<const TokenWatch>& watch);

}  // namespace gateway
