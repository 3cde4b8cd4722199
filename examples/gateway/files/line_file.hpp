#pragma once

/// \file
/// A file to which lines are appended by a thread of its own.

#include <vx11/result.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace gateway {

/// Collects lines in memory; its thread writes them to the file a tenth of a second after the first
/// one, or when there are many. Not spdlog's asynchronous logger: that one wakes its thread and
/// writes for every line, which costs a request more than its answer to `/livez`.
///
/// Lines above the bound are dropped and counted, as are those that cannot be written: an event
/// loop never waits for a disk. Thread-safe.
class LineFile {
 public:
  /// \param path the file, created if it is not there and never shortened; `-`: standard output
  /// \param max_bytes of the lines that wait to be written
  /// \return `storage` if it cannot be opened
  static vx11::Result<std::shared_ptr<LineFile>> open(std::string path,
                                                      std::size_t max_bytes = kMaxBytes);
  LineFile(std::string path, int fd, std::size_t max_bytes);
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile();  ///< Writes what waits.

  /// Appends `line` and a line break.
  void append(std::string_view line) noexcept;
  /// Opens the file anew before the next line is written: the old one was moved away.
  void reopen() noexcept;
  /// Waits until all lines so far were written or lost. For tests.
  void flush();

  /// Bytes of the lines that wait to be written.
  std::size_t waiting_bytes() const {
    const std::lock_guard lock(mutex_);
    return waiting_.text.size();
  }
  std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
  /// Lines that were dropped, or could not be written.
  std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

  static constexpr std::size_t kMaxBytes = std::size_t{4} * 1024 * 1024;

 private:
  struct Batch {
    std::string text = {};
    std::uint64_t lines = 0;
  };

  void run();
  void write_out(const Batch& batch);
  bool write_all(std::string_view text);
  void open_again();
  void complain(std::string_view what);

  const std::string path_;
  const std::size_t max_bytes_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> lost_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  Batch waiting_ = {};
  bool is_writing_ = false;
  bool is_urgent_ = false;
  bool reopens_ = false;
  bool stops_ = false;

  int fd_;                  ///< Used by the thread alone, as the rest.
  bool is_torn_ = false;    ///< The last line was not written to its end.
  std::uint64_t said_ = 0;  ///< The lost lines that were reported.
  std::thread thread_;      ///< Last: it uses all of these.
};

}  // namespace gateway
