#pragma once

/// \file
/// Keeps what the gateway has read equal to its files.

#include <vx11/metric_family.hpp>
#include <vx11/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace gateway {

/// Files that are read again while the gateway runs. Logs and counts the outcomes. Thread-safe if
/// its functions are.
class WatchedFile {
 public:
  /// What there is to read.
  struct Source {
    std::string setting = {};                          ///< In log lines: `auth.tokens`.
    std::function<vx11::Result<bool>()> refresh = {};  ///< Whether changed files were taken over.
    std::function<vx11::Result<void>()> reload = {};   ///< In any case.
    std::function<std::string()> describe = {};        ///< What is in force: `3 tokens`.
    /// Whether readings only begin by these functions, the first one, too: `refresh` returns the
    /// outcome of the last that has ended.
    bool in_background = false;
  };
  explicit WatchedFile(Source source);

  /// Counts on where `earlier`, which reads the file no more, has ended. Before the first use.
  void continue_from(const WatchedFile& earlier) noexcept;

  void refresh();  ///< If a file has changed. Blocks as long as the file system does.
  void reload();   ///< In any case.

  std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

 private:
  void note_used();
  void note_refused(const vx11::Error& error);

  Source source_;
  std::atomic<std::uint64_t> used_;
  std::atomic<std::uint64_t> refused_{0};
};

/// The readings of `watched`, by their outcome.
vx11::MetricFamily readings_of(std::shared_ptr<const WatchedFile> watched, std::string name,
                               std::string help);

}  // namespace gateway
