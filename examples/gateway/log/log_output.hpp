#pragma once

/// \file
/// Writes the lines of the log to a descriptor, as text or as JSON.

#include <cstdint>
#include <memory>

#include "gateway/config/config_values.hpp"
#include "gateway/log/log.hpp"

namespace gateway {

/// spdlog's logger on a descriptor, which stays the caller's. Thread-safe, but for `set_format`.
class LogOutput {
 public:
  explicit LogOutput(int fd);
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;
  ~LogOutput();

  void set_format(LogFormat format);
  void write(const LogLine& line);

  std::uint64_t written() const noexcept;
  /// Lines that could not be written, or would have had to wait.
  std::uint64_t lost() const noexcept;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace gateway
