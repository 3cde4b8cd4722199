#pragma once

/// \file
/// Where spdlog writes the lines of the log: a descriptor that may be full, closed or hang.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>

#include <spdlog/sinks/base_sink.h>

namespace gateway {

/// Writes whole lines to a descriptor, and never waits for a reader: a line that a pipe, a socket
/// or a terminal does not take at once is left out and counted, as is one that a disk refuses. Not
/// spdlog's own sink of standard error: while the reader of a pipe hangs, that one waits with the
/// sink locked, and every thread that logs waits with it. Thread-safe.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// \param fd stays the caller's, and open
  explicit DescriptorSink(int fd);
  DescriptorSink(const DescriptorSink&) = delete;
  DescriptorSink& operator=(const DescriptorSink&) = delete;
  ~DescriptorSink() override;

  std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
  std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}
  bool write_all(std::string_view text) noexcept;
  long write_some(std::string_view text) const noexcept;

  const int fd_;
  int own_ = -1;  ///< The same pipe, opened anew: its mode not to block is not that of others.
  bool is_socket_ = false;
  bool is_terminal_ = false;
  bool is_torn_ = false;  ///< The last line was not written to its end.
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace gateway
