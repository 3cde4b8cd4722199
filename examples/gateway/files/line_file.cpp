#include "gateway/files/line_file.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "gateway/log/log.hpp"

namespace gateway {

namespace {

/// Between the first line that waits and its writing.
constexpr std::chrono::milliseconds kDelay(100);
/// The size of one write.
constexpr std::size_t kEnough = std::size_t{256} * 1024;
/// Readable by a group that ships logs. They hold addresses and names of clients.
constexpr mode_t kMode = 0640;

bool is_stdout(const std::string& path) {
  return path == "-";
}

int open_for_append(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kMode);
}

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

}  // namespace

vx11::Result<std::shared_ptr<LineFile>> LineFile::open(std::string path, std::size_t max_bytes) {
  const int fd = is_stdout(path) ? STDOUT_FILENO : open_for_append(path);
  if (fd < 0) {
    return vx11::fail(vx11::Errc::storage, path + " cannot be opened: " + reason_of(errno));
  }
  try {
    return std::make_shared<LineFile>(std::move(path), fd, max_bytes);
  } catch (const std::system_error&) {
    return vx11::fail(vx11::Errc::exhausted, "no thread for a log can be started");
  }
}

LineFile::LineFile(std::string path, int fd, std::size_t max_bytes)
    : path_(std::move(path)), max_bytes_(max_bytes), fd_(fd), thread_([this] { run(); }) {}

LineFile::~LineFile() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  thread_.join();
  if (!is_stdout(path_) && fd_ >= 0) ::close(fd_);
}

void LineFile::append(std::string_view line) noexcept {
  bool wakes = false;
  try {
    const std::lock_guard lock(mutex_);
    const std::size_t before = waiting_.text.size();
    if (before + line.size() + 1 > max_bytes_) {
      lost_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    waiting_.text.append(line).push_back('\n');
    ++waiting_.lines;
    wakes = before == 0 || (before < kEnough && waiting_.text.size() >= kEnough);
  } catch (...) {  // no memory
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
  if (wakes) changed_.notify_all();
}

void LineFile::reopen() noexcept {
  if (is_stdout(path_)) return;
  {
    const std::lock_guard lock(mutex_);
    reopens_ = true;
  }
  changed_.notify_all();
}

void LineFile::flush() {
  std::unique_lock lock(mutex_);
  is_urgent_ = true;
  changed_.notify_all();
  idle_.wait(lock, [this] { return waiting_.lines == 0 && !is_writing_ && !reopens_; });
  is_urgent_ = false;
}

void LineFile::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return waiting_.lines != 0 || reopens_ || stops_; });
    if (stops_ && waiting_.lines == 0) return;
    const auto is_enough = [this] {
      return waiting_.text.size() >= kEnough || stops_ || is_urgent_ || reopens_;
    };
    changed_.wait_for(lock, kDelay, is_enough);
    const Batch batch = std::exchange(waiting_, {});
    const bool reopens = std::exchange(reopens_, false);
    is_writing_ = true;
    lock.unlock();
    write_out(batch);  // to the old file: the lines are from before
    if (reopens) open_again();
    lock.lock();
    is_writing_ = false;
    idle_.notify_all();
  }
}

void LineFile::write_out(const Batch& batch) {
  if (batch.lines == 0) return;
  const bool has_begun = !is_torn_ || write_all("\n");
  if (has_begun && write_all(batch.text)) {
    written_.fetch_add(batch.lines, std::memory_order_relaxed);
  } else {
    lost_.fetch_add(batch.lines, std::memory_order_relaxed);
    complain(reason_of(errno));
  }
  if (lost() != said_) complain("more lines than can be written");
}

bool LineFile::write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::write(fd_, text.data(), text.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
    is_torn_ = !text.empty();
  }
  return true;
}

/// Without a new file the lines go to the old one.
void LineFile::open_again() {
  const int fd = open_for_append(path_);
  if (fd < 0) {
    log_event(LogEvent::log_not_reopened, {{"file", path_}, {"reason", reason_of(errno)}});
    return;
  }
  ::close(std::exchange(fd_, fd));
  is_torn_ = false;
}

void LineFile::complain(std::string_view what) {
  const std::uint64_t lost_so_far = lost();
  log_event(LogEvent::log_lines_lost,
            {{"file", path_}, {"lines", lost_so_far - said_}, {"reason", what}});
  said_ = lost_so_far;
}

}  // namespace gateway
